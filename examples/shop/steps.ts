import {
  type ProcessControls,
  RequirementError,
  ReservationError,
  withMetadata,
} from "evtstore";
import { buy, look } from "./checkout.ts";
import type { Fulfilment } from "./fulfilment.ts";
import type { Shop } from "./shop.ts";
import type { Tell } from "./years.ts";

/** Ada has an address, which Bob wants. */
export async function register(
  { customers }: Shop,
  tell: Tell,
  { ada, bob, day }: { ada: string; bob: string; day: string },
): Promise<void> {
  const email = `ada+${day}@example.org`;
  const address = "12 St James's Square";
  await customers.register(ada, { name: "Ada", email, address });
  await customers.register(bob, { name: "Bob", email }).catch((error) => {
    if (!(error instanceof ReservationError)) throw error;
    tell(`the address is taken by ${error.aggregateId}`);
  });
  // Ada moves on, and her address is free.
  await customers.changeEmail(ada, { email: `lovelace+${day}@example.org` });
  await customers.register(bob, { name: "Bob", email });
}

/** Ada hesitates for weeks; the price goes up, and she looks again. */
export async function orderOnce(
  shop: Shop,
  tell: Tell,
  { ada, lamp, named }: {
    ada: string;
    lamp: string;
    named: (name: string) => string;
  },
): Promise<void> {
  const cart = named("c1");
  for (let times = 1; times <= 25; times++) {
    await shop.carts.put(cart, { sku: lamp, quantity: 2 });
    await shop.carts.take(cart, { sku: lamp });
  }
  await shop.carts.put(cart, { sku: lamp, quantity: 2 });
  await shop.domain.cart.snapshots?.settled();
  await tellSnapshot(shop, tell, cart);

  const quote = await look(shop, cart);
  await shop.products.changePrice(lamp, { cents: 44_90 });
  const order = { orderId: named("o1"), customerId: ada };
  await withMetadata({ userId: ada }, async () => {
    await buy(shop, quote, order).catch((error) => {
      if (!(error instanceof RequirementError)) throw error;
      tell(`${error.stream}: ${error.aggregateId} has changed: look again`);
    });
    await buy(shop, await look(shop, cart), order);
  });
  await buy(shop, await look(shop, cart), {
    orderId: named("o1 again"),
    customerId: ada,
  }).catch((error) => {
    if (!(error instanceof ReservationError)) throw error;
    tell(`the cart was ordered already: ${error.aggregateId}`);
  });
}

async function tellSnapshot(
  { domain, provider }: Shop,
  tell: Tell,
  cart: string,
): Promise<void> {
  const kept = await provider.records?.list("evtstore.snapshot") ?? [];
  const { snapshots } = kept.find(({ value }) => value.aggregateId === cart)
    ?.value;
  const { version } = await domain.cart.getAggregate(cart);
  tell(`${cart}: ${version} events, and a snapshot at ${snapshots[0].at}`);
}

/** The parcel goes to the door. */
export async function deliver(
  { shipments }: Shop,
  shipmentId: string,
  tracking: string,
): Promise<void> {
  await shipments.handOver(shipmentId, { tracking });
  await shipments.deliver(shipmentId, { to: "a neighbour" });
}

/** What was parked goes on once its cause is gone. */
export async function repair(
  fulfilment: ProcessControls<Fulfilment>,
  down: Set<string>,
  tell: Tell,
): Promise<void> {
  for (const parked of await fulfilment.parked()) {
    if (!down.delete(parked.aggregateId)) continue;
    tell(`parked: ${parked.aggregateId}: ${parked.error?.message}`);
    await fulfilment.replay(parked);
  }
  await fulfilment.runOnce();
}

/** In a service `start()` waits; here somebody has to. */
export async function waitForTimer(
  fulfilment: ProcessControls<Fulfilment>,
  orderId: string,
): Promise<void> {
  const due = (await fulfilment.get(orderId))?.timers["unpaid"];
  if (!due) return;
  const ms = due.getTime() - Date.now();
  await new Promise((resolve) => setTimeout(resolve, Math.max(ms, 0) + 1));
}

/** A customer leaves, and is forgotten. */
export async function forget(
  shop: Shop,
  customerId: string,
): Promise<void> {
  // It gives the reserved address back, which nobody knows any more after it.
  await shop.customers.leave(customerId, {});
  await shop.forget(customerId);
}
