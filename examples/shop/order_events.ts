import { createUpcasters, type Upcasters } from "evtstore";

/** So many of a product at its price. */
export type OrderLine = { sku: string; quantity: number; cents: number };

/** What can happen to an order, and all that the shop of today knows of. */
export type OrderEvent =
  | {
    type: "OrderPlaced";
    customerId: string;
    cartId: string;
    lines: OrderLine[];
    cents: number;
  }
  | { type: "OrderPaid"; receipt: string }
  | { type: "OrderSent"; tracking: string }
  | { type: "OrderDelivered"; to: string }
  | { type: "OrderCancelled"; reason: string };

/** Of 2023: one product, no cart, and paid in the same moment. */
export type OrderOf2023 = {
  type: "Bought";
  customer: string;
  product: string;
  count: number;
  euros: number;
  receipt: string;
};

/** Until the end of 2024: prices in euros, and no sum. */
export type OrderOf2024 = {
  type: "OrderPlaced";
  customerId: string;
  cartId: string;
  items: { sku: string; quantity: number; euros: number }[];
};

/** Every shape that was ever stored, and is in the log for ever. */
export type StoredOrderEvent = OrderEvent | OrderOf2024 | OrderOf2023;

/** What the stored ones have become. */
export const upcastOrders: Upcasters<StoredOrderEvent, OrderEvent> =
  createUpcasters<StoredOrderEvent, OrderEvent>({
    OrderPlaced(event) {
      if (!("items" in event)) return event;
      const { type, customerId, cartId, items } = event;
      const lines = items.map(({ sku, quantity, euros }) => ({
        sku,
        quantity,
        cents: Math.round(euros * 100),
      }));
      return { type, customerId, cartId, lines, cents: sumOf(lines) };
    },

    // One has become two. The first goes on to the upcaster above.
    Bought: ({ customer, product, count, euros, receipt }) => [
      {
        type: "OrderPlaced",
        customerId: customer,
        cartId: `cart of ${customer}`,
        items: [{ sku: product, quantity: count, euros }],
      },
      { type: "OrderPaid", receipt },
    ],
  });

/** What the lines cost together. */
export function sumOf(lines: OrderLine[]): number {
  return lines.reduce((sum, one) => sum + one.quantity * one.cents, 0);
}
