import {
  CommandError,
  createAggregate,
  type StorableAggregate,
} from "evtstore";

/** What can happen to an order. */
export type OrderEvent =
  | { type: "OrderPlaced"; item: string; quantity: number; cents: number }
  | { type: "OrderPaid"; receipt: string }
  | { type: "OrderShipped" }
  | { type: "OrderCancelled"; reason: string };

/** What an order has come to. */
export type Order = {
  state: "new" | "placed" | "paid" | "shipped" | "cancelled";
};

/** An order and what its events change. */
export const order: StorableAggregate<OrderEvent, Order, "orders"> =
  createAggregate({
    stream: "orders",
    create: (): Order => ({ state: "new" }),
    fold: (event: OrderEvent): Partial<Order> => {
      switch (event.type) {
        case "OrderPlaced":
          return { state: "placed" };
        case "OrderPaid":
          return { state: "paid" };
        case "OrderShipped":
          return { state: "shipped" };
        case "OrderCancelled":
          return { state: "cancelled" };
      }
    },
  });

/** What can be asked of an order. */
export const orderCommands = {
  place(
    command: { item: string; quantity: number; cents: number },
    { state }: Order,
  ): OrderEvent {
    mustBe("new", state);
    const { item, quantity, cents } = command;
    return { type: "OrderPlaced", item, quantity, cents };
  },

  pay({ receipt }: { receipt: string }, { state }: Order): OrderEvent {
    mustBe("placed", state);
    return { type: "OrderPaid", receipt };
  },

  ship(_command: object, { state }: Order): OrderEvent {
    mustBe("paid", state);
    return { type: "OrderShipped" };
  },

  cancel({ reason }: { reason: string }, { state }: Order): OrderEvent {
    mustBe("placed", state);
    return { type: "OrderCancelled", reason };
  },
};

function mustBe(expected: Order["state"], state: Order["state"]): void {
  if (state === expected) return;
  throw new CommandError(
    `Expected the order to be ${expected}: it is ${state}`,
  );
}
