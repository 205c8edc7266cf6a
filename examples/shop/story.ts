import {
  type ProcessControls,
  RequirementError,
  ReservationError,
  withMetadata,
} from "evtstore";
import { buy, look } from "./checkout.ts";
import { createFulfilment, type Fulfilment } from "./fulfilment.ts";
import { createTestGateway } from "./gateway.ts";
import type { Shop } from "./shop.ts";
import {
  euros,
  forget,
  liveBoard,
  takeOver,
  type Tell,
  tellHistory,
} from "./years.ts";

/** A day in the shop: what is told, line by line. */
export async function tellStory(
  shop: Shop,
  tell: Tell,
  day: string,
): Promise<void> {
  const named = (name: string) => `${name} of ${day}`;
  const [ada, bob, lamp] = [named("ada"), named("bob"), named("lamp")];
  const mail = (to: string, text: string) => tell(`mail to ${to}: ${text}`);
  const down = new Set([named("o2")]);
  const waiting = new Set([named("o4")]);
  const gateway = createTestGateway({ down, waiting });
  const fulfilment = createFulfilment(shop, gateway, {
    payWithin: "500ms",
    retry: { times: 1, minMs: 1, maxMs: 1 },
    // The old shop has seen to the old orders.
    tailStream: true,
  });

  // What a crash may have left of an earlier day.
  await shop.finishForgetting();
  await tellHistory(shop, tell);
  await liveBoard(shop, mail);
  await fulfilment.runOnce();

  await register(shop, tell, { ada, bob, day });
  await shop.products.list(lamp, { name: "Lamp", cents: 39_90 });
  await shop.products.list(named("yacht"), { name: "Yacht", cents: 9e6 });
  await shop.stocks.deliver(lamp, { quantity: 5 });
  await shop.stocks.deliver(named("yacht"), { quantity: 1 });

  await orderOnce(shop, tell, { ada, lamp, named });
  // One payment fails whatever is tried, one is declined, one never comes, and
  // of one order there is not enough.
  const others: [order: string, sku: string, quantity: number][] = [
    ["o2", lamp, 1],
    ["o3", named("yacht"), 1],
    ["o4", lamp, 2],
    ["o5", lamp, 3],
  ];
  for (const [order, sku, quantity] of others) {
    const cartId = named(`cart of ${order}`);
    await shop.carts.put(cartId, { sku, quantity });
    const customer = { orderId: named(order), customerId: bob };
    await buy(shop, await look(shop, cartId), customer);
  }
  await fulfilment.runOnce();
  await deliver(shop, named("o1"), `P1 ${day}`);
  await fulfilment.runOnce();
  await repair(fulfilment, down, tell);
  await waitForTimer(fulfilment, named("o4"));
  await fulfilment.runOnce();
  tell(`lamps left: ${(await shop.domain.stock.getAggregate(lamp)).left}`);

  const board = await takeOver(shop, tell, mail);
  await deliver(shop, named("o2"), `P2 ${day}`);
  await fulfilment.runOnce();
  await board.handler.runOnce();
  await forget(shop, ada);
  await board.handler.runOnce();
  const { name, email, address } = await shop.domain.customer.getAggregate(ada);
  tell(`of ada there is left: ${name}, ${email}, ${address}`);

  for (const [orderId, line] of await board.read()) {
    if (!/ of 20..$/.test(orderId) && !orderId.endsWith(day)) continue;
    const { name, pieces, cents, by, state } = line;
    tell(
      `${orderId}: ${pieces} for ${name}, ${euros(cents)}, by ${by}, ${state}`,
    );
  }
}

async function register(
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
async function orderOnce(
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

async function deliver(
  { shipments }: Shop,
  shipmentId: string,
  tracking: string,
): Promise<void> {
  await shipments.handOver(shipmentId, { tracking });
  await shipments.deliver(shipmentId, { to: "a neighbour" });
}

/** What was parked goes on once its cause is gone. */
async function repair(
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
async function waitForTimer(
  fulfilment: ProcessControls<Fulfilment>,
  orderId: string,
): Promise<void> {
  const due = (await fulfilment.get(orderId))?.timers["unpaid"];
  if (!due) return;
  const ms = due.getTime() - Date.now();
  await new Promise((resolve) => setTimeout(resolve, Math.max(ms, 0) + 1));
}
