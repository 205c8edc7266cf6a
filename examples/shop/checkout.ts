import type { Requirement } from "evtstore";
import type { OrderLine } from "./order.ts";
import { mustBeListed } from "./product.ts";
import type { Shop } from "./shop.ts";

/** What a customer sees before the last click. */
export type Quote = {
  cartId: string;
  lines: OrderLine[];
  /** All that must not have changed when the order is placed. */
  seen: Requirement[];
};

/** Looks at a cart and at today's prices. */
export async function look(
  { domain }: Pick<Shop, "domain">,
  cartId: string,
): Promise<Quote> {
  const cart = await domain.cart.getAggregate(cartId);
  const seen = [
    { stream: "carts", aggregateId: cartId, version: cart.version },
  ];
  const lines: OrderLine[] = [];
  for (const { sku, quantity } of cart.lines) {
    const product = await domain.product.getAggregate(sku);
    mustBeListed(product);
    seen.push({
      stream: "products",
      aggregateId: sku,
      version: product.version,
    });
    lines.push({ sku, quantity, cents: product.cents });
  }
  return { cartId, lines, seen };
}

/**
 * Places the order that was looked at, once.
 *
 * @throws {RequirementError} If the cart or a price is another one by now: look
 * again.
 * @throws {ReservationError} If the cart was ordered before.
 */
export async function buy(
  { orders }: Pick<Shop, "orders">,
  { cartId, lines, seen }: Quote,
  { orderId, customerId }: { orderId: string; customerId: string },
): Promise<void> {
  await orders.place(orderId, { customerId, cartId, lines }, {
    requires: seen,
    commandId: `place ${orderId}`,
  });
}
