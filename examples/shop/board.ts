import { MemoryBookmark, type StreamHandler } from "evtstore";
import type { OrderEvent } from "./order.ts";
import type { Shop } from "./shop.ts";

/** A line of the board. */
export type BoardLine = {
  customerId: string;
  cents: number;
  state: string;
  /** Who placed it, as the metadata of its first event says. */
  by: string;
};

/** The orders and what has become of each, in memory. */
export type Board = {
  handler: StreamHandler<{ orders: OrderEvent }>;
  lines: Map<string, BoardLine>;
};

/**
 * Makes a board that begins with the first event whenever the process does. One
 * that is stored is a transactional handler, as in the bank.
 */
export function createBoard({ createHandler }: Shop): Board {
  const lines = new Map<string, BoardLine>();
  const handler = createHandler(MemoryBookmark, ["orders"]);
  const become = (orderId: string, state: string) => {
    const line = lines.get(orderId);
    if (line) line.state = state;
  };
  handler.handleStream("orders", {
    OrderPlaced: (orderId, { customerId, cents }, { metadata }) => {
      const by = String(metadata?.["userId"] ?? "somebody");
      lines.set(orderId, { customerId, cents, by, state: "placed" });
    },
    OrderPaid: (orderId) => become(orderId, "paid"),
    OrderSent: (orderId, { tracking }) => become(orderId, `sent: ${tracking}`),
    OrderDelivered: (orderId, { to }) => become(orderId, `delivered to ${to}`),
    OrderCancelled: (orderId, { reason }) =>
      become(orderId, `cancelled: ${reason}`),
  });
  return { handler, lines };
}
