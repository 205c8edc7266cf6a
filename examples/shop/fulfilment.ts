import type { DomainHandlerOpts, StreamHandler } from "evtstore";
import type { Gateway } from "./gateway.ts";
import type { OrderEvent } from "./order.ts";
import type { PaymentEvent } from "./payment.ts";
import type { Shop } from "./shop.ts";
import type { ShipmentEvent } from "./shipment.ts";

/** What it listens to. */
export type FulfilmentEvents = {
  orders: OrderEvent;
  payments: PaymentEvent;
  shipments: ShipmentEvent;
};

/**
 * The way of an order to the door: ask for the money, then for the parcel.
 *
 * Each step has a `commandId`, so that it is stored once however often its event
 * comes. A step that fails again and again is parked, with the later ones of its
 * aggregate behind it, and the other orders go on.
 */
export function createFulfilment(
  { createHandler, carts, orders, payments, shipments }: Shop,
  gateway: Gateway,
  options: DomainHandlerOpts = {},
): StreamHandler<FulfilmentEvents> {
  const handler = createHandler(
    "fulfilment",
    ["orders", "payments", "shipments"],
    { onFailure: "park", ...options },
  );

  handler.handleStream("orders", {
    OrderPlaced: async (orderId, { cartId, cents }) => {
      await carts.order(cartId, { orderId }, {
        commandId: `order ${orderId}`,
      });
      await payments.request(orderId, { orderId, cents }, {
        commandId: `request ${orderId}`,
      });
    },

    OrderPaid: (orderId) =>
      shipments.request(orderId, { orderId }, {
        commandId: `request ${orderId}`,
      }),
  });

  handler.handleStream("payments", {
    PaymentRequested: async (paymentId, { cents }) => {
      const answer = await gateway.charge(paymentId, cents);
      const commandId = `answer ${paymentId}`;
      if ("receipt" in answer) {
        const { receipt } = answer;
        await payments.capture(paymentId, { receipt }, { commandId });
      } else {
        const reason = answer.declined;
        await payments.decline(paymentId, { reason }, { commandId });
      }
    },

    PaymentCaptured: (_id, { orderId, receipt }) =>
      orders.pay(orderId, { receipt }, { commandId: `pay ${orderId}` }),

    PaymentDeclined: (_id, { orderId, reason }) =>
      orders.cancel(orderId, { reason }, { commandId: `cancel ${orderId}` }),
  });

  handler.handleStream("shipments", {
    ShipmentHandedOver: (_id, { orderId, tracking }) =>
      orders.send(orderId, { tracking }, { commandId: `send ${orderId}` }),

    ShipmentDelivered: (_id, { orderId, to }) =>
      orders.deliver(orderId, { to }, { commandId: `deliver ${orderId}` }),
  });

  return handler;
}
