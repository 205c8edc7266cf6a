import {
  createCommands,
  createDomain,
  type DomainReads,
  type DomainV2,
  type Erasure,
  type InferredCommands,
  type Provider,
} from "evtstore";
import { forgetOnBoards } from "./board_tables.ts";
import { type Cart, cart, cartCommands } from "./cart.ts";
import { type Customer, customer, customerCommands } from "./customer.ts";
import { type Order, order, orderCommands } from "./order.ts";
import { type Payment, payment, paymentCommands } from "./payment.ts";
import { type Product, product, productCommands } from "./product.ts";
import { type Shipment, shipment, shipmentCommands } from "./shipment.ts";
import { type Stock, stock, stockCommands } from "./stock.ts";

type Aggregates = {
  cart: typeof cart;
  customer: typeof customer;
  order: typeof order;
  payment: typeof payment;
  product: typeof product;
  shipment: typeof shipment;
  stock: typeof stock;
};

/** The shop on a database: its commands, and handlers of its events. */
export type Shop<Tx = any> =
  & DomainV2<Aggregates, Tx>
  & DomainReads<Aggregates>
  & Erasure
  & {
    /** Where its events are. */
    provider: Provider<any, Tx>;
    carts: InferredCommands<typeof cartCommands, Cart, Tx>;
    customers: InferredCommands<typeof customerCommands, Customer, Tx>;
    orders: InferredCommands<typeof orderCommands, Order, Tx>;
    payments: InferredCommands<typeof paymentCommands, Payment, Tx>;
    products: InferredCommands<typeof productCommands, Product, Tx>;
    shipments: InferredCommands<typeof shipmentCommands, Shipment, Tx>;
    stocks: InferredCommands<typeof stockCommands, Stock, Tx>;
  };

/** No command handler does anything but decide, so each may run again. */
const RETRY = { retries: 10 };

/** Makes the shop on a database that has `records`. */
export function createShop<Tx>(provider: Provider<any, Tx>): Shop<Tx> {
  const { domain, ...others } = createDomain({
    provider,
    onForget: (customerId) => forgetOnBoards(provider, customerId),
  }, {
    cart,
    customer,
    order,
    payment,
    product,
    shipment,
    stock,
  });
  return {
    provider,
    domain,
    ...others,
    carts: createCommands(domain.cart, cartCommands, RETRY),
    customers: createCommands(domain.customer, customerCommands, RETRY),
    orders: createCommands(domain.order, orderCommands, RETRY),
    payments: createCommands(domain.payment, paymentCommands, RETRY),
    products: createCommands(domain.product, productCommands, RETRY),
    shipments: createCommands(domain.shipment, shipmentCommands, RETRY),
    stocks: createCommands(domain.stock, stockCommands, RETRY),
  };
}
