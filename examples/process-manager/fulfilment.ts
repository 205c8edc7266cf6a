import type { StreamHandler } from "evtstore";
import type { OrderEvent } from "./order.ts";
import type { Payments } from "./payments.ts";
import type { Shop } from "./shop.ts";
import type { StockEvent } from "./stock.ts";

/**
 * The process of an order: reserve, charge, ship. Where that is not possible,
 * give back what was reserved, and cancel.
 *
 * It has no state of its own: every event asks for the next step. After a crash
 * some events come again, so each step has its own `commandId`, and is stored
 * once. A payment service that is down throws; the handler tries again, with
 * growing pauses, and goes on from there.
 */
export function createFulfilment(
  { createHandler, orders, items, domain }: Shop,
  payments: Payments,
): StreamHandler<{ orders: OrderEvent; stock: StockEvent }> {
  const process = createHandler("fulfilment", ["orders", "stock"]);

  process.handleStream("orders", {
    OrderPlaced: (orderId, { item, quantity, cents }) =>
      items.reserve(
        item,
        { orderId, quantity, cents },
        { commandId: `${orderId}:reserve` },
      ),

    OrderPaid: (orderId) =>
      orders.ship(orderId, {}, { commandId: `${orderId}:ship` }),
  });

  process.handleStream("stock", {
    SoldOut: (_item, { orderId }) => cancel(orderId, "sold out"),

    Reserved: async (item, { orderId, quantity, cents }) => {
      // What was decided is not asked again: the customer is charged once.
      if ((await domain.order.getAggregate(orderId)).state !== "placed") return;
      const payment = await payments.charge(orderId, cents);
      if ("receipt" in payment) {
        const { receipt } = payment;
        const commandId = `${orderId}:pay`;
        await orders.pay(orderId, { receipt }, { commandId });
      } else {
        const commandId = `${orderId}:release`;
        await items.release(item, { orderId, quantity }, { commandId });
        await cancel(orderId, payment.declined);
      }
    },
  });

  function cancel(orderId: string, reason: string): Promise<unknown> {
    const commandId = `${orderId}:cancel`;
    return orders.cancel(orderId, { reason }, { commandId });
  }

  return process;
}
