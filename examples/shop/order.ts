import {
  CommandError,
  createAggregate,
  type Decision,
  type StorableAggregate,
} from "evtstore";
import { z } from "zod";
import {
  type OrderEvent,
  type OrderLine,
  type StoredOrderEvent,
  sumOf,
  upcastOrders,
} from "./order_events.ts";

export type { OrderEvent, OrderLine };

/** What was bought, and what it has come to. */
export type Order = {
  state: "new" | "placed" | "paid" | "sent" | "delivered" | "cancelled";
  cartId: string;
  cents: number;
};

const cents = z.int().nonnegative();
const text = z.string().min(1);
const line = z.object({ sku: text, quantity: z.int().positive(), cents });

/** An order and what its events change; none is stored that is malformed. */
export const order: StorableAggregate<
  OrderEvent,
  Order,
  "orders",
  StoredOrderEvent
> = createAggregate({
  stream: "orders",
  upcast: upcastOrders,
  schema: {
    OrderPlaced: z.object({
      customerId: text,
      cartId: text,
      lines: z.array(line).min(1),
      cents,
    }),
    OrderPaid: z.object({ receipt: text }),
    OrderSent: z.object({ tracking: text }),
    OrderDelivered: z.object({ to: text }),
    OrderCancelled: z.object({ reason: text }),
  },
  create: (): Order => ({ state: "new", cartId: "", cents: 0 }),
  fold: (event): Partial<Order> => {
    switch (event.type) {
      case "OrderPlaced":
        return { state: "placed", cartId: event.cartId, cents: event.cents };
      case "OrderPaid":
        return { state: "paid" };
      case "OrderSent":
        return { state: "sent" };
      case "OrderDelivered":
        return { state: "delivered" };
      case "OrderCancelled":
        return { state: "cancelled" };
    }
  },
});

/** What can be asked of an order. A cart is ordered once. */
export const orderCommands = {
  place(
    { customerId, cartId, lines }: {
      customerId: string;
      cartId: string;
      lines: OrderLine[];
    },
    { state }: Order,
  ): Decision<OrderEvent> {
    mustBe("new", state);
    return {
      events: {
        type: "OrderPlaced",
        customerId,
        cartId,
        lines,
        cents: sumOf(lines),
      },
      reserve: [cartKey(cartId)],
    };
  },

  pay({ receipt }: { receipt: string }, { state }: Order): OrderEvent {
    mustBe("placed", state);
    return { type: "OrderPaid", receipt };
  },

  send({ tracking }: { tracking: string }, { state }: Order): OrderEvent {
    mustBe("paid", state);
    return { type: "OrderSent", tracking };
  },

  deliver({ to }: { to: string }, { state }: Order): OrderEvent {
    mustBe("sent", state);
    return { type: "OrderDelivered", to };
  },

  cancel(
    { reason }: { reason: string },
    { state, cartId }: Order,
  ): Decision<OrderEvent> {
    mustBe("placed", state);
    return {
      events: { type: "OrderCancelled", reason },
      release: [cartKey(cartId)],
    };
  },
};

/** The key that keeps a cart from being ordered twice. */
export function cartKey(cartId: string): string {
  return `order of cart:${cartId}`;
}

function mustBe(wanted: Order["state"], state: Order["state"]): void {
  if (state === wanted) return;
  throw new CommandError(`The order is ${state}, not ${wanted}`, "STATE");
}
