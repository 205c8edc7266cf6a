import type { Provider } from "evtstore";
import type { StoredCustomerEvent } from "./customer_events.ts";
import type { StoredOrderEvent } from "./order_events.ts";
import type { StoredProductEvent } from "./product.ts";

type Stored =
  | ["customers", id: string, StoredCustomerEvent[]]
  | ["products", id: string, StoredProductEvent[]]
  | ["orders", id: string, StoredOrderEvent[]];

/** What the shops of two earlier years have left in the log. */
const HISTORY: Stored[] = [
  // 2023
  ["products", "clock", [{
    type: "ProductListed",
    name: "Clock",
    euros: 12.5,
  }]],
  ["customers", "charles", [{
    type: "SignedUp",
    name: "Charles",
    mail: "charles@example.org",
  }]],
  ["orders", "order of 2023", [
    {
      type: "Bought",
      customer: "charles",
      product: "clock",
      count: 2,
      euros: 12.5,
      receipt: "receipt of 2023",
    },
    { type: "OrderSent", tracking: "P2023" },
    { type: "OrderDelivered", to: "Charles" },
  ]],
  // 2024
  ["products", "radio", [{ type: "ProductListed", name: "Radio", cents: 6e3 }]],
  ["customers", "grace", [{
    type: "CustomerRegistered",
    name: "Grace",
    email: "grace@example.org",
  }]],
  ["orders", "order of 2024", [
    {
      type: "OrderPlaced",
      customerId: "grace",
      cartId: "cart of 2024",
      items: [
        { sku: "radio", quantity: 1, euros: 60 },
        { sku: "clock", quantity: 1, euros: 14.99 },
      ],
    },
    { type: "OrderCancelled", reason: "changed her mind" },
  ]],
];

/**
 * Appends them as old code did: through the provider, in plain text, without
 * any of today's rules. What is there already is left alone.
 */
export async function writeHistory(provider: Provider<any>): Promise<void> {
  for (const [stream, id, events] of HISTORY) {
    if ((await provider.getEventsFor(stream, id)).length > 0) continue;
    await provider.append(stream, id, 1, [
      ...provider.createEvents(stream, id, 1, events),
    ]);
  }
}
