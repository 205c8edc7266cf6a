import assert from "node:assert/strict";
import { test } from "node:test";
import type { Provider } from "evtstore";
import { createProvider } from "evtstore/provider/memory";
import { createFulfilment } from "../../examples/process-manager/fulfilment.ts";
import { createTestPayments } from "../../examples/process-manager/payments.ts";
import { createShop } from "../../examples/process-manager/shop.ts";

async function setUp(provider: Provider<any> = createProvider()) {
  const shop = createShop(provider);
  await shop.items.deliver("lamp", { quantity: 3 });
  const place = (id: string, quantity: number, cents: number) =>
    shop.orders.place(id, { item: "lamp", quantity, cents });
  const stateOf = async (id: string) =>
    (await shop.domain.order.getAggregate(id)).state;
  const left = async () => (await shop.domain.stock.getAggregate("lamp")).left;
  return { provider, shop, place, stateOf, left };
}

test("an order is reserved, charged and shipped", async () => {
  const { shop, place, stateOf, left } = await setUp();
  const payments = createTestPayments();
  await place("ada", 2, 39_90);
  await createFulfilment(shop, payments).runOnce();
  assert.equal(await stateOf("ada"), "shipped");
  assert.equal(await left(), 1);
  assert.deepEqual([...payments.charged], [["ada", 39_90]]);
});

test("what cannot be had or paid is cancelled, and given back", async () => {
  const { shop, place, stateOf, left } = await setUp();
  const payments = createTestPayments();
  await place("bob", 1, 120_00);
  await place("eve", 9, 20_00);
  await createFulfilment(shop, payments).runOnce();
  assert.equal(await stateOf("bob"), "cancelled");
  assert.equal(await stateOf("eve"), "cancelled");
  assert.equal(await left(), 3);
  assert.equal(payments.charged.size, 0);
});

test("a payment service that is down is asked again", async () => {
  const { shop, place, stateOf } = await setUp(
    createProvider({ onError: () => {} }),
  );
  await place("ada", 1, 10_00);
  const fulfilment = createFulfilment(shop, createTestPayments(2));
  fulfilment.start();
  await fulfilment.handled("orders", "ada", 3);
  assert.equal(await stateOf("ada"), "shipped");
  await fulfilment.stop();
});

test("a process that begins again from the first event does nothing twice", async () => {
  const { shop, provider, place, stateOf, left } = await setUp();
  const payments = createTestPayments();
  await place("ada", 2, 39_90);
  await place("bob", 1, 120_00);
  await createFulfilment(shop, payments).runOnce();
  const events = (await provider.getEventsFrom(["orders", "stock"], 0)).length;
  // As after a crash that lost the bookmark.
  await provider.setPosition("fulfilment", 0);
  assert(await createFulfilment(shop, payments).runOnce() > 0);
  const again = (await provider.getEventsFrom(["orders", "stock"], 0)).length;
  assert.equal(again, events);
  assert.equal(await stateOf("ada"), "shipped");
  assert.equal(await left(), 1);
  assert.equal(payments.charged.size, 1);
});
