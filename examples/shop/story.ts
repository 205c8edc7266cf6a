import {
  RequirementError,
  ReservationError,
  type StreamHandler,
  withMetadata,
} from "evtstore";
import { createBoard } from "./board.ts";
import { buy, look } from "./checkout.ts";
import { createFulfilment, type FulfilmentEvents } from "./fulfilment.ts";
import { createTestGateway } from "./gateway.ts";
import type { Shop } from "./shop.ts";

/** A day in the shop: what is told, line by line. */
export async function tellStory(
  shop: Shop,
  tell: (line: string) => void,
  day: string,
): Promise<void> {
  const named = (name: string) => `${name} of ${day}`;
  const [ada, bob] = [named("ada"), named("bob")];
  const down = new Set([named("o2")]);
  const fulfilment = createFulfilment(shop, createTestGateway(down), {
    retry: { times: 1, minMs: 1, maxMs: 1 },
  });

  await register(shop, tell, { ada, bob, day });
  await shop.products.list(named("lamp"), { name: "Lamp", cents: 39_90 });
  await shop.products.list(named("yacht"), { name: "Yacht", cents: 9e6 });

  // Ada looks, the price goes up, and she looks again.
  const cart = named("c1");
  await shop.carts.put(cart, { sku: named("lamp"), quantity: 2 });
  const quote = await look(shop, cart);
  await shop.products.changePrice(named("lamp"), { cents: 44_90 });
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

  // The payment of another order fails whatever is tried, and one is declined.
  for (const [orderId, sku] of [["o2", "lamp"], ["o3", "yacht"]] as const) {
    const cartId = named(`cart of ${orderId}`);
    await shop.carts.put(cartId, { sku: named(sku), quantity: 1 });
    await buy(shop, await look(shop, cartId), {
      orderId: named(orderId),
      customerId: bob,
    });
  }
  await fulfilment.runOnce();
  await deliver(shop, named("o1"), `P1 ${day}`);
  await fulfilment.runOnce();
  await repair(fulfilment, down, tell);

  const board = createBoard(shop);
  await board.handler.runOnce();
  for (const [orderId, { by, cents, state }] of board.lines) {
    if (!orderId.endsWith(day)) continue;
    tell(`${orderId}: ${(cents / 100).toFixed(2)}, by ${by}, ${state}`);
  }
}

async function register(
  { customers }: Shop,
  tell: (line: string) => void,
  { ada, bob, day }: { ada: string; bob: string; day: string },
): Promise<void> {
  const email = `ada+${day}@example.org`;
  await customers.register(ada, { name: "Ada", email });
  await customers.register(bob, { name: "Bob", email }).catch((error) => {
    if (!(error instanceof ReservationError)) throw error;
    tell(`the address is taken by ${error.aggregateId}`);
  });
  // Ada moves on, and her address is free.
  await customers.changeEmail(ada, { email: `lovelace+${day}@example.org` });
  await customers.register(bob, { name: "Bob", email });
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
  fulfilment: StreamHandler<FulfilmentEvents>,
  down: Set<string>,
  tell: (line: string) => void,
): Promise<void> {
  for (const parked of await fulfilment.parked()) {
    if (!down.delete(parked.aggregateId)) continue;
    tell(`parked: ${parked.aggregateId}: ${parked.error?.message}`);
    await fulfilment.replay(parked);
  }
  await fulfilment.runOnce();
}
