import {
  createCommands,
  createDomain,
  type DomainV2,
  type InferredCommands,
  type Provider,
} from "evtstore";
import { type Cart, cart, cartCommands } from "./cart.ts";
import { type Customer, customer, customerCommands } from "./customer.ts";
import { type Order, order, orderCommands } from "./order.ts";
import { type Payment, payment, paymentCommands } from "./payment.ts";
import { type Product, product, productCommands } from "./product.ts";
import { type Shipment, shipment, shipmentCommands } from "./shipment.ts";

type Aggregates = {
  cart: typeof cart;
  customer: typeof customer;
  order: typeof order;
  payment: typeof payment;
  product: typeof product;
  shipment: typeof shipment;
};

/** The shop on a database: its commands, and handlers of its events. */
export type Shop<Tx = any> = DomainV2<Aggregates, Tx> & {
  /** Where its events are. */
  provider: Provider<any, Tx>;
  carts: InferredCommands<typeof cartCommands, Cart, Tx>;
  customers: InferredCommands<typeof customerCommands, Customer, Tx>;
  orders: InferredCommands<typeof orderCommands, Order, Tx>;
  payments: InferredCommands<typeof paymentCommands, Payment, Tx>;
  products: InferredCommands<typeof productCommands, Product, Tx>;
  shipments: InferredCommands<typeof shipmentCommands, Shipment, Tx>;
};

/** No command handler does anything but decide, so each may run again. */
const RETRY = { retries: 10 };

/** Makes the shop on a database. */
export function createShop<Tx>(provider: Provider<any, Tx>): Shop<Tx> {
  const { domain, createHandler } = createDomain({ provider }, {
    cart,
    customer,
    order,
    payment,
    product,
    shipment,
  });
  return {
    provider,
    domain,
    createHandler,
    carts: createCommands(domain.cart, cartCommands, RETRY),
    customers: createCommands(domain.customer, customerCommands, RETRY),
    orders: createCommands(domain.order, orderCommands, RETRY),
    payments: createCommands(domain.payment, paymentCommands, RETRY),
    products: createCommands(domain.product, productCommands, RETRY),
    shipments: createCommands(domain.shipment, shipmentCommands, RETRY),
  };
}
