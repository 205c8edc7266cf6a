import {
  type CmdBody,
  createAggregate,
  createCommands,
  createDomain,
  createProcess,
  type EventMeta,
  type ProcessControls,
  type ProcessDecision,
} from "evtstore";
import { createProvider } from "evtstore/provider/memory";
import { test } from "node:test";
import { type Equal, expectType } from "./equal.ts";

type OrderEvent =
  | { type: "Placed"; cents: number }
  | { type: "Paid"; receipt: string };
type StockEvent =
  | { type: "Reserved"; orderId: string }
  | { type: "Counted"; items: number };

const order = createAggregate({
  stream: "orders",
  create: () => ({ cents: 0 }),
  fold: (_event: OrderEvent) => ({}),
});
const stock = createAggregate({
  stream: "stock",
  create: () => ({ items: 0 }),
  fold: (_event: StockEvent) => ({}),
});
const { domain } = createDomain({ provider: createProvider() }, {
  order,
  stock,
});
const orders = createCommands(domain.order, {
  pay: ({ receipt }: { receipt: string }) => ({ type: "Paid", receipt }),
});
type StockCommand = { type: "reserve"; orderId: string; quantity: number };
const items: CmdBody<StockCommand, { items: number }> = createCommands<
  StockEvent,
  { items: number },
  StockCommand
>(domain.stock, {
  reserve: ({ orderId }) => ({ type: "Reserved", orderId }),
});
const payments = {
  charge: (_key: string, _body: { cents: number }, _options?: {
    commandId?: string;
  }): Promise<unknown> => Promise.resolve(),
};

const create = () =>
  createProcess({
    name: "fulfilment",
    streams: [domain.order, domain.stock],
    commands: { orders, items, payments },
    timers: ["late", "reminder"],
    create: () => ({ steps: 0 }),
    fold: (event: { type: "Stepped"; by: number }, { steps }) => ({
      steps: steps + event.by,
    }),
  });

test("createProcess() infers events, state, commands and timers", () => {
  const process = create();
  const controls: ProcessControls<{ steps: number }> = process;
  void controls;
  process.startsOn("orders", (event, aggregateId, meta) => {
    expectType<Equal<typeof event, { type: "Placed"; cents: number }>>();
    expectType<Equal<typeof aggregateId, string>>();
    expectType<Equal<typeof meta, EventMeta>>();
    return aggregateId;
  }, {
    Placed: (event, { id, state, meta, send, setTimer, cancelTimer, end }) => {
      expectType<Equal<typeof event, { type: "Placed"; cents: number }>>();
      expectType<Equal<typeof state, { steps: number }>>();
      expectType<Equal<typeof meta, EventMeta>>();
      const decision = send.orders.pay(id, { receipt: "r" });
      expectType<Equal<typeof decision, ProcessDecision>>();
      return [
        { type: "Stepped", by: 1 },
        decision,
        send.items.reserve("i", { orderId: id, quantity: 1 }),
        send.payments.charge(id, { cents: event.cents }),
        setTimer("late", { after: "24h" }),
        setTimer("reminder", { at: new Date() }),
        cancelTimer("late"),
        end(),
      ];
    },
  });
  // Only the events that have a reaction must say which process they are for.
  process.on("stock", (event) => event.orderId, {
    Reserved: async () => ({ type: "Stepped", by: 2 }),
  });
  process.onTimer("late", ({ at }) => {
    expectType<Equal<typeof at, Date>>();
  });
  process.onTimer("reminder", () => []);
  process.onRefused("payments", {
    charge: ({ body, code, message, aggregateId }) => {
      expectType<Equal<typeof body, { cents: number }>>();
      expectType<Equal<typeof code, string | undefined>>();
      expectType<Equal<typeof message, string>>();
      expectType<Equal<typeof aggregateId, string>>();
    },
  });
});

test("createProcess() without memory and timers has neither", () => {
  const process = createProcess({
    name: "plain",
    streams: [domain.order],
    commands: { orders },
  });
  process.startsOn("orders", (_event, id) => id, {
    Placed: (_event, { id, send }) => send.orders.pay(id, { receipt: "r" }),
    // @ts-expect-error there are no events of its own
    Paid: () => ({ type: "Stepped" }),
  });
  // @ts-expect-error there are no timers
  void (() => process.onTimer("late", () => {}));
});

test("createProcess() refuses what is wrong", () => {
  const process = create();
  void (() => {
    // @ts-expect-error another stream
    process.on("carts", (_event, id) => id, {});
    process.on("orders", (_event, id) => id, {
      // @ts-expect-error another type of event
      Shipped: () => {},
    });
    // @ts-expect-error not all events of these types have an order
    process.on("stock", (event) => event.orderId, {
      Reserved: () => {},
      Counted: () => {},
    });
    process.on("stock", (event) => event.orderId, {
      // @ts-expect-error an event of another shape
      Reserved: () => ({ type: "Stepped", by: "one" }),
    });
    // @ts-expect-error another timer
    process.onTimer("later", () => {});
    process.onTimer("late", (_timer, { id, send, setTimer }) => [
      // @ts-expect-error another command
      send.orders.ship(id, {}),
      // @ts-expect-error another group
      send.carts.close(id, {}),
      // @ts-expect-error another body
      send.orders.pay(id, { receipt: 5 }),
      // @ts-expect-error no duration
      setTimer("late", { after: "24 hours" }),
      // @ts-expect-error another timer
      setTimer("never", { after: "24h" }),
    ]);
    // @ts-expect-error a command is sent by a decision, not called
    process.onTimer("reminder", () => orders.pay("o1", { receipt: "r" }));
    process.onRefused("orders", {
      // @ts-expect-error another command
      ship: () => {},
    });
    createProcess({
      name: "p",
      // @ts-expect-error no streams
      streams: [],
      commands: {},
    });
    createProcess({
      name: "p",
      streams: [domain.order],
      commands: {},
      // @ts-expect-error what is skipped would be lost
      onFailure: "skip",
    });
  });
});
