import { buy, look } from "./checkout.ts";
import { createFulfilment } from "./fulfilment.ts";
import { createTestGateway } from "./gateway.ts";
import type { Shop } from "./shop.ts";
import {
  deliver,
  forget,
  orderOnce,
  register,
  repair,
  waitForTimer,
} from "./steps.ts";
import { euros, liveBoard, takeOver, type Tell, tellHistory } from "./years.ts";

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
