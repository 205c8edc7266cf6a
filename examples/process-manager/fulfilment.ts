import { createProcess, type ProcessControls } from "evtstore";
import type { Payments } from "./payments.ts";
import type { Shop } from "./shop.ts";

/**
 * The process of an order: reserve, charge, ship. Where that is not possible,
 * give back what was reserved, and cancel.
 *
 * What a reaction returns is stored before it is done, so after a crash each
 * step is taken once. A payment service that is down throws; the reaction is
 * tried again, with growing pauses, and has decided nothing before.
 */
export function createFulfilment(
  { orders, items, domain }: Shop,
  payments: Payments,
  // deno-lint-ignore ban-types -- it remembers nothing but what it has decided.
): ProcessControls<{}> {
  const process = createProcess({
    name: "fulfilment",
    streams: [domain.order, domain.stock],
    commands: { orders, items },
  });

  process.startsOn("orders", (_event, orderId) => orderId, {
    OrderPlaced: ({ item, quantity, cents }, { id, send }) =>
      send.items.reserve(item, { orderId: id, quantity, cents }),
  });

  process.on("orders", (_event, orderId) => orderId, {
    OrderPaid: (_event, { id, send, end }) => [
      send.orders.ship(id, {}),
      end(),
    ],
  });

  process.on("stock", (event) => event.orderId, {
    SoldOut: (_event, { id, send, end }) => [
      send.orders.cancel(id, { reason: "sold out" }),
      end(),
    ],

    Reserved: async ({ quantity, cents }, { id, meta, send, end }) => {
      const payment = await payments.charge(id, cents);
      if ("receipt" in payment) {
        return send.orders.pay(id, { receipt: payment.receipt });
      }
      return [
        send.items.release(meta.aggregateId, { orderId: id, quantity }),
        send.orders.cancel(id, { reason: payment.declined }),
        end(),
      ];
    },
  });

  return process;
}
