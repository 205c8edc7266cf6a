import {
  createCommands,
  createDomain,
  type DomainV2,
  type InferredCommands,
  type Provider,
} from "evtstore";
import { type Order, order, orderCommands } from "./order.ts";
import { type Stock, stock, stockCommands } from "./stock.ts";

/** The shop on a database: its commands, and handlers of its events. */
export type Shop = DomainV2<{ order: typeof order; stock: typeof stock }> & {
  /** The commands of orders. */
  orders: InferredCommands<typeof orderCommands, Order>;
  /** The commands of the stock. */
  items: InferredCommands<typeof stockCommands, Stock>;
};

/** Makes the shop on a database. */
export function createShop(provider: Provider<any>): Shop {
  const { domain, createHandler } = createDomain({ provider }, {
    order,
    stock,
  });
  // Many orders want the same item: whoever was slower decides again.
  const retry = { retries: 10 };
  return {
    domain,
    createHandler,
    orders: createCommands(domain.order, orderCommands, retry),
    items: createCommands(domain.stock, stockCommands, retry),
  };
}
