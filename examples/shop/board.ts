import type { StreamHandler } from "evtstore";
import { type BoardLine, boardTables } from "./board_tables.ts";
import type { CustomerEvent } from "./customer.ts";
import type { OrderEvent } from "./order.ts";
import type { Shop } from "./shop.ts";

/** The orders and what has become of each. */
export type Board<Tx = any> = {
  handler: StreamHandler<
    { customers: CustomerEvent; orders: OrderEvent },
    Tx
  >;
  /** The lines by their order, with the name of the customer. */
  read(): Promise<Map<string, BoardLine & { name: string }>>;
};

/** Writes to a customer. */
export type Mail = (email: string, text: string) => void;

/**
 * Makes the board, which also writes to customers whose parcel is on its way.
 *
 * @param version 2, which counts the pieces. 1 is what the release before had,
 * and is here only to show how it is succeeded.
 */
export function createBoard<Tx>(
  { provider, createHandler }: Shop<Tx>,
  mail: Mail,
  version: 1 | 2 = 2,
): Board<Tx> {
  const { lines, customers } = boardTables(provider, version);
  const handler = createHandler("board", ["customers", "orders"], {
    transactional: true,
    version,
  });

  handler.handleStream("customers", {
    CustomerRegistered: async (id, { name, email }, _meta, tx) => {
      // Forgotten before this version came to it.
      if (name === null || email === null) return;
      await customers.change(id, { name, email }, tx);
    },
    EmailChanged: async (id, { email }, _meta, tx) => {
      if (email !== null) await customers.change(id, { email }, tx);
    },
    CustomerLeft: (id, _event, _meta, tx) => customers.remove(id, tx),
  });

  handler.handleStream("orders", {
    OrderPlaced: async (id, order, { metadata }, tx) => {
      const { customerId, cents } = order;
      const by = String(metadata?.["userId"] ?? "somebody");
      const line: BoardLine = { customerId, cents, by, state: "placed" };
      if (version > 1) {
        line.pieces = order.lines.reduce((sum, one) => sum + one.quantity, 0);
      }
      await lines.change(id, line, tx);
    },
    OrderPaid: (id, _event, _meta, tx) =>
      lines.change(id, { state: "paid" }, tx),
    OrderSent: async (id, { tracking }, meta, tx) => {
      await lines.change(id, { state: `sent: ${tracking}` }, tx);
      // What the version before has handled is not written a second time.
      if (meta.replay) return;
      const line = await lines.get(id, tx);
      const customer = line && await customers.get(line.customerId, tx);
      if (customer) mail(customer.email, `${id} is on its way: ${tracking}`);
    },
    OrderDelivered: (id, { to }, _meta, tx) =>
      lines.change(id, { state: `delivered to ${to}` }, tx),
    OrderCancelled: (id, { reason }, _meta, tx) =>
      lines.change(id, { state: `cancelled: ${reason}` }, tx),
  });

  return {
    handler,
    async read() {
      const names = await customers.all();
      return new Map(
        [...await lines.all()].map(([id, line]) => [id, {
          ...line,
          name: names.get(line.customerId)?.name ?? "nobody we remember",
        }]),
      );
    },
  };
}
