import {
  CommandError,
  createAggregate,
  type StorableAggregate,
} from "evtstore";

/** What can happen to the stock of a product. */
export type StockEvent =
  | { type: "GoodsDelivered"; quantity: number }
  | { type: "GoodsSetAside"; orderId: string; quantity: number }
  | { type: "GoodsPutBack"; orderId: string; quantity: number };

/** What is left of a product, and what waits for which order. */
export type Stock = { left: number; setAside: Record<string, number> };

/** The stock of a product and what its events change. */
export const stock: StorableAggregate<StockEvent, Stock, "stock"> =
  createAggregate({
    stream: "stock",
    create: (): Stock => ({ left: 0, setAside: {} }),
    fold: (event: StockEvent, { left, setAside }): Partial<Stock> => {
      const { quantity } = event;
      switch (event.type) {
        case "GoodsDelivered":
          return { left: left + quantity };
        case "GoodsSetAside":
          return {
            left: left - quantity,
            setAside: { ...setAside, [event.orderId]: quantity },
          };
        case "GoodsPutBack": {
          const { [event.orderId]: _, ...others } = setAside;
          return { left: left + quantity, setAside: others };
        }
      }
    },
  });

/** What can be asked of the stock of a product. */
export const stockCommands = {
  deliver({ quantity }: { quantity: number }): StockEvent {
    return { type: "GoodsDelivered", quantity };
  },

  setAside(
    { orderId, quantity }: { orderId: string; quantity: number },
    { left }: Stock,
  ): StockEvent {
    if (quantity > left) throw new CommandError("sold out", "SOLD_OUT");
    return { type: "GoodsSetAside", orderId, quantity };
  },

  putBack(
    { orderId }: { orderId: string },
    { setAside }: Stock,
  ): StockEvent | void {
    const quantity = setAside[orderId];
    if (quantity) return { type: "GoodsPutBack", orderId, quantity };
  },
};
