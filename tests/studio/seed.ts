import {
  CommandError,
  createAggregate,
  createCommands,
  createDomain,
  createProcess,
  type HandlerControls,
  type Provider,
} from "evtstore";
import { createProvider } from "evtstore/provider/memory";
import { hostile } from "./hostile.ts";

type OrderEvent =
  | { type: "OrderPlaced"; customer: string; country: string; lines: Line[] }
  | { type: "OrderPaid"; receipt: string }
  | { type: "OrderSent"; tracking: string }
  | { type: "OrderCancelled"; reason: string };
type Line = { item: string; quantity: number; cents: number };
type StockEvent =
  | { type: "Delivered"; quantity: number }
  | { type: "Reserved"; orderId: string; quantity: number }
  | { type: "SoldOut"; orderId: string };
type Order = {
  status: string;
  customer: string;
  lines: Line[];
  cents: number;
  receipt?: string;
  tracking?: string;
};

/** A shop with a history of an hour. */
export type Shop = {
  provider: Provider<any>;
  /** What a studio is given as its domain. */
  aggregates: object;
  handlers: HandlerControls[];
  /** Handles what `runOnce` or `start` is told to. */
  board: HandlerControls;
  /** Of each country: one that lacks its own parks the order's invoice. */
  taxes: Map<string, number>;
  /** Places an order. */
  place(number: number): Promise<unknown>;
};

/**
 * Makes the shop, its handlers, and what they have done.
 *
 * @param isAttacked Whether somebody has written {@linkcode hostile} into it.
 */
export async function createShop(isAttacked = true): Promise<Shop> {
  const clock = { at: Date.now() - 50 * 60_000 };
  const memory = createProvider({ onError: () => {} });
  const provider: typeof memory = {
    ...memory,
    createEvents: (...input: Parameters<typeof memory.createEvents>) => {
      clock.at = Math.min(Date.now(), clock.at + 5400);
      return memory.createEvents(...input)
        .map((event) => ({ ...event, timestamp: new Date(clock.at) }));
    },
  };
  const order = createAggregate({
    stream: "orders",
    create: (): Order => ({ status: "new", customer: "", lines: [], cents: 0 }),
    fold: (event: OrderEvent) => {
      switch (event.type) {
        case "OrderPlaced":
          return {
            status: "placed",
            customer: event.customer,
            lines: event.lines,
            cents: event.lines.reduce((sum, one) => sum + one.cents, 0),
          };
        case "OrderPaid":
          return { status: "paid", receipt: event.receipt };
        case "OrderSent":
          return { status: "sent", tracking: event.tracking };
        case "OrderCancelled":
          return { status: `cancelled: ${event.reason}` };
      }
    },
  });
  const stock = createAggregate({
    stream: "stock",
    create: (): { left: number; reserved: { [order: string]: number } } => ({
      left: 0,
      reserved: {},
    }),
    fold: (event: StockEvent, { left, reserved }) => {
      if (event.type === "Delivered") return { left: left + event.quantity };
      if (event.type === "SoldOut") return {};
      const { orderId, quantity } = event;
      return {
        left: left - quantity,
        reserved: { ...reserved, [orderId]: quantity },
      };
    },
  });
  const { domain, createHandler } = createDomain(
    { provider },
    { order, stock },
  );
  const orders = createCommands(domain.order, {
    place: (
      { customer, country, lines }: {
        customer: string;
        country: string;
        lines: Line[];
      },
    ) => ({ type: "OrderPlaced", customer, country, lines }),
    pay: ({ receipt }: { receipt: string }) => ({ type: "OrderPaid", receipt }),
    send: ({ tracking }: { tracking: string }) => ({
      type: "OrderSent",
      tracking,
    }),
    cancel: ({ reason }: { reason: string }) => ({
      type: "OrderCancelled",
      reason,
    }),
  }, { retries: 5 });
  const items = createCommands(domain.stock, {
    deliver: ({ quantity }: { quantity: number }) => ({
      type: "Delivered",
      quantity,
    }),
    reserve: (
      { orderId, quantity }: { orderId: string; quantity: number },
      { left },
    ) => {
      if (left < quantity) throw new CommandError("None left", "SOLD_OUT");
      return { type: "Reserved", orderId, quantity };
    },
  }, { retries: 5 });

  const fulfilment = createProcess({
    name: "fulfilment",
    streams: [domain.order, domain.stock],
    commands: { orders, items },
  });
  fulfilment.startsOn("orders", (_event, id) => id, {
    OrderPlaced: ({ lines: [line] }, { id, send }) =>
      send.items.reserve(line!.item, { orderId: id, quantity: line!.quantity }),
  });
  fulfilment.on(
    "stock",
    (event) => "orderId" in event ? event.orderId : undefined,
    {
      Reserved: (_event, { id, send }) =>
        send.orders.pay(id, { receipt: `r-${id.slice(-4)}` }),
    },
  );
  fulfilment.on("orders", (_event, id) => id, {
    OrderPaid: (_event, { id, send, end }) => [
      send.orders.send(id, { tracking: `NL${id.slice(-4)}7731` }),
      end(),
    ],
  });
  fulfilment.onRefused("items", {
    reserve: (_error, { id, send, end }) => [
      send.orders.cancel(id, { reason: "sold out" }),
      end(),
    ],
  });

  const taxes = new Map([["NL", 21], ["DE", 19], ["FR", 20]]);
  const invoices = createHandler("invoices", ["orders"], {
    onFailure: "park",
    retry: { times: 0 },
  });
  invoices.handleStream("orders", {
    OrderPlaced: (_id, { country }) => {
      if (taxes.has(country)) return;
      throw new TypeError(`No tax rate for ${country}`);
    },
    OrderPaid: () => {},
    OrderSent: () => {},
  });
  const board = createHandler("orders-board", ["orders", "stock"]);
  board.handle("orders", "OrderPlaced", () => {});
  const mails = createHandler("mails", ["orders"]);
  mails.handle("orders", "OrderSent", () => {});

  const place = (number: number, lines?: Line[]) => {
    const country = ["NL", "DE", "BE", "FR", "NL", "DE", "NL"][number % 7]!;
    const metadata = {
      correlationId: `req-${(number * 7919).toString(36)}`,
      user: `user-${number % 5}`,
    };
    return orders.place(`order-${1000 + number}`, {
      customer: ["Ada", "Grace", "Edsger", "Barbara"][number % 4]!,
      country,
      lines: lines ?? [{
        item: ["lamp", "desk", "chair"][number % 3]!,
        quantity: 1 + number % 2,
        cents: 1900 + number % 3 * 4000,
      }],
    }, { metadata, commandId: `place-${1000 + number}` });
  };

  for (const item of ["lamp", "desk", "chair"]) {
    await items.deliver(item, { quantity: 60 });
  }
  for (let number = 0; number < 60; number++) {
    await place(number);
    if (number % 4 === 3) await fulfilment.runOnce();
    if (number === 30) await mails.runOnce();
  }
  for (let number = 0; number < 130; number++) {
    await items.deliver("lamp", { quantity: 1 + number % 3 });
  }
  await fulfilment.runOnce();
  await invoices.runOnce();
  await board.runOnce();

  const attack = async (
    version: number,
    type: string,
    payload: object,
  ): Promise<void> => {
    const { stream, aggregateId } = hostile;
    const events = provider.createEvents(stream, aggregateId, version, [
      { type, ...payload } as any,
    ]).map((event) => ({
      ...event,
      metadata: { correlationId: hostile.text, user: hostile.type },
    }));
    await provider.append(stream, aggregateId, version, events);
  };
  if (isAttacked) {
    clock.at = Date.now() - 4000;
    await attack(1, hostile.type, {
      text: hostile.text,
      [hostile.type]: [hostile.text, { deep: [[["\u2067RTL\u2069"]]] }],
    });
    await attack(2, "Noted", { text: hostile.long, "'\"`": "&lt;b&gt; &amp;" });
    await attack(3, hostile.long, {
      list: Array.from({ length: 500 }, (_, index) => index),
    });
  }

  const notes = createAggregate({
    stream: hostile.stream,
    create: (): { [key: string]: unknown } => ({}),
    fold: (event: { type: string; [key: string]: unknown }) => {
      const { type: last, ...rest } = event;
      return { last: last.slice(0, 60), ...rest };
    },
  });
  const noted = createDomain({ provider }, { notes });
  const archive = noted.createHandler("archive", [hostile.stream], {
    onFailure: "park",
    retry: { times: 0 },
  });
  archive.handle(hostile.stream, hostile.type, () => {
    throw new Error(hostile.text);
  });
  await archive.runOnce();

  const handlers: HandlerControls[] = [
    invoices,
    board,
    mails,
    archive,
    fulfilment,
  ];
  return {
    provider,
    aggregates: { order, stock, notes },
    handlers,
    board,
    taxes,
    place,
  };
}
