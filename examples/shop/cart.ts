import {
  CommandError,
  createAggregate,
  type StorableAggregate,
} from "evtstore";

/** What can happen to a cart. */
export type CartEvent =
  | { type: "ItemPut"; sku: string; quantity: number }
  | { type: "ItemTaken"; sku: string }
  | { type: "CartOrdered"; orderId: string };

/** So many of a product. */
export type CartLine = { sku: string; quantity: number };

/** What somebody is about to buy. */
export type Cart = { lines: CartLine[]; orderId: string };

/**
 * A cart and what its events change. People put and take for weeks, so it is
 * kept beside the log after each fifty events.
 */
export const cart: StorableAggregate<CartEvent, Cart, "carts"> =
  createAggregate({
    stream: "carts",
    create: (): Cart => ({ lines: [], orderId: "" }),
    fold: (event: CartEvent, { lines }): Partial<Cart> => {
      switch (event.type) {
        case "ItemPut": {
          const { sku, quantity } = event;
          return { lines: [...without(lines, sku), { sku, quantity }] };
        }
        case "ItemTaken":
          return { lines: without(lines, event.sku) };
        case "CartOrdered":
          return { orderId: event.orderId };
      }
    },
    snapshot: { every: 50, version: "1" },
  });

/** What can be asked of a cart. */
export const cartCommands = {
  put({ sku, quantity }: CartLine, { orderId }: Cart): CartEvent {
    mustBeOpen(orderId);
    if (!(Number.isInteger(quantity) && quantity > 0)) {
      throw new CommandError("Put one at least", "QUANTITY");
    }
    return { type: "ItemPut", sku, quantity };
  },

  take(
    { sku }: { sku: string },
    { lines, orderId }: Cart,
  ): CartEvent | void {
    mustBeOpen(orderId);
    if (lines.some((line) => line.sku === sku)) {
      return { type: "ItemTaken", sku };
    }
  },

  order({ orderId }: { orderId: string }, cart: Cart): CartEvent | void {
    if (cart.orderId === "") return { type: "CartOrdered", orderId };
  },
};

function mustBeOpen(orderId: string): void {
  if (orderId === "") return;
  throw new CommandError(`It was ordered as ${orderId}`, "ORDERED");
}

function without(lines: CartLine[], sku: string): CartLine[] {
  return lines.filter((line) => line.sku !== sku);
}
