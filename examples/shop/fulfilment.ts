import {
  createProcess,
  type Duration,
  type HandlerRetryOptions,
  type ProcessControls,
} from "evtstore";
import type { Gateway } from "./gateway.ts";
import type { OrderLine } from "./order.ts";
import type { Shop } from "./shop.ts";

/** What the process of an order remembers. */
export type Fulfilment = {
  lines: OrderLine[];
  cents: number;
  /** How many of the lines are set aside for it. */
  held: number;
};

type Note =
  | { type: "Begun"; lines: OrderLine[]; cents: number }
  | { type: "LineHeld" };

/** How it is carried out. */
export type FulfilmentOptions = {
  /** How long goods wait for the money. Default: a day. */
  payWithin?: Duration;
  /** Leave the orders alone that are older than itself. Default: false. */
  tailStream?: boolean;
  /** How often a step is tried before it is parked. */
  retry?: HandlerRetryOptions;
};

/**
 * The way of an order to the door: set its goods aside, line by line, ask for
 * the money, then for the parcel. Where that is not possible, or the money does
 * not come in time, put the goods back and cancel.
 *
 * What a reaction returns is stored, and then done once. A step that fails
 * again and again is parked, and the other orders go on.
 */
export function createFulfilment(
  { domain, carts, orders, payments, shipments, stocks }: Shop,
  gateway: Gateway,
  { payWithin = "24h", ...options }: FulfilmentOptions = {},
): ProcessControls<Fulfilment> {
  const process = createProcess({
    name: "fulfilment",
    streams: [domain.order, domain.stock, domain.payment, domain.shipment],
    commands: { carts, orders, payments, shipments, stocks },
    timers: ["unpaid"],
    create: (): Fulfilment => ({ lines: [], cents: 0, held: 0 }),
    fold: (note: Note, { held }): Partial<Fulfilment> =>
      note.type === "Begun"
        ? { lines: note.lines, cents: note.cents }
        : { held: held + 1 },
    onFailure: "park",
    ...options,
  });

  process.startsOn("orders", (_event, orderId) => orderId, {
    OrderPlaced: ({ cartId, lines, cents }, { id, send }) => [
      { type: "Begun", lines, cents },
      send.carts.order(cartId, { orderId: id }),
      send.stocks.setAside(lines[0]!.sku, {
        orderId: id,
        quantity: lines[0]!.quantity,
      }),
    ],
  });

  process.on("orders", (_event, orderId) => orderId, {
    OrderPaid: (_event, { id, send }) =>
      send.shipments.request(id, { orderId: id }),
    OrderDelivered: (_event, { end }) => end(),
    OrderCancelled: (_event, { id, state, send, end }) => [
      ...state.lines.map(({ sku }) =>
        send.stocks.putBack(sku, { orderId: id })
      ),
      end(),
    ],
  });

  process.on("stock", ({ orderId }) => orderId, {
    GoodsSetAside: (_event, { id, state: { lines, cents, held }, send }) => {
      const next = lines[held + 1];
      const step = next
        ? send.stocks.setAside(next.sku, {
          orderId: id,
          quantity: next.quantity,
        })
        : send.payments.request(id, { orderId: id, cents });
      return [{ type: "LineHeld" }, step];
    },
  });

  process.onRefused("stocks", {
    setAside: ({ message }, { id, send }) =>
      send.orders.cancel(id, { reason: message }),
  });

  process.on("payments", ({ orderId }) => orderId, {
    PaymentRequested: async ({ cents }, { id, send, setTimer }) => {
      const answer = await gateway.charge(id, cents);
      if ("waiting" in answer) return setTimer("unpaid", { after: payWithin });
      return "receipt" in answer
        ? send.payments.capture(id, { receipt: answer.receipt })
        : send.payments.decline(id, { reason: answer.declined });
    },
    PaymentCaptured: ({ receipt }, { id, send, cancelTimer }) => [
      cancelTimer("unpaid"),
      send.orders.pay(id, { receipt }),
    ],
    PaymentDeclined: ({ reason }, { id, send }) =>
      send.orders.cancel(id, { reason }),
  });

  process.onTimer(
    "unpaid",
    (_timer, { id, send }) =>
      send.payments.decline(id, { reason: "not paid in time" }),
  );

  // The money came in the same moment: that was first.
  process.onRefused("payments", { decline: () => {} });

  process.on("shipments", ({ orderId }) => orderId, {
    ShipmentHandedOver: ({ tracking }, { id, send }) =>
      send.orders.send(id, { tracking }),
    ShipmentDelivered: ({ to }, { id, send }) =>
      send.orders.deliver(id, { to }),
  });

  return process;
}
