import {
  CommandError,
  createAggregate,
  type StorableAggregate,
} from "evtstore";

/** What can happen to the stock of an item. */
export type StockEvent =
  | { type: "Delivered"; quantity: number }
  | { type: "Reserved"; orderId: string; quantity: number; cents: number }
  | { type: "SoldOut"; orderId: string }
  | { type: "Released"; orderId: string; quantity: number };

/** What is left of an item. */
export type Stock = { left: number };

/** The stock of an item and what its events change. */
export const stock: StorableAggregate<StockEvent, Stock, "stock"> =
  createAggregate({
    stream: "stock",
    create: (): Stock => ({ left: 0 }),
    fold: (event: StockEvent, { left }): Partial<Stock> => {
      switch (event.type) {
        case "Delivered":
        case "Released":
          return { left: left + event.quantity };
        case "Reserved":
          return { left: left - event.quantity };
        case "SoldOut":
          return {};
      }
    },
  });

type Reservation = { orderId: string; quantity: number; cents: number };

/** What can be asked of the stock of an item. */
export const stockCommands = {
  deliver({ quantity }: { quantity: number }): StockEvent {
    if (!(quantity > 0)) {
      throw new CommandError("Expected something to deliver");
    }
    return { type: "Delivered", quantity };
  },

  // A refusal is an event too: the process goes on from it.
  reserve(
    { orderId, quantity, cents }: Reservation,
    { left }: Stock,
  ): StockEvent {
    return quantity <= left
      ? { type: "Reserved", orderId, quantity, cents }
      : { type: "SoldOut", orderId };
  },

  release(command: { orderId: string; quantity: number }): StockEvent {
    const { orderId, quantity } = command;
    return { type: "Released", orderId, quantity };
  },
};
