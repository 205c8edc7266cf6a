import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { findReservation, RequirementError } from "evtstore";
import { createProvider } from "evtstore/provider/memory";
import { connectDatabase } from "../../examples/bank/open_database.ts";
import { buy, look } from "../../examples/shop/checkout.ts";
import { createFulfilment } from "../../examples/shop/fulfilment.ts";
import { createTestGateway } from "../../examples/shop/gateway.ts";
import { cartKey } from "../../examples/shop/order.ts";
import { createShop, type Shop } from "../../examples/shop/shop.ts";
import { tellStory } from "../../examples/shop/story.ts";
import {
  mongoPlace,
  mysqlPlace,
  neo4jPlace,
  type Place,
  postgresPlace,
} from "../bank/places.ts";
import { findDatabase } from "../providers/support/databases.ts";
import { findServers } from "../providers/support/neo4j.ts";

const STORY = [
  "the address is taken by ada of today",
  "products: lamp of today has changed: look again",
  "the cart was ordered already: o1 of today",
  "parked: o2 of today: the payment service is down",
  "o1 of today: 89.80, by ada of today, delivered to a neighbour",
  "o2 of today: 44.90, by somebody, paid",
  "o3 of today: 90000.00, by somebody, cancelled: over the limit",
];

function storyOn(name: string, place: Place): void {
  test(`the shop on ${name}: a day, from the address to the door`, async () => {
    const { provider, close } = await connectDatabase(place.url);
    try {
      const told: string[] = [];
      const shop = createShop({ ...provider, onError: () => {} });
      await tellStory(shop, (line) => told.push(line), "today");
      assert.deepEqual(told, STORY);
      // A cart whose order was cancelled may be ordered again.
      const key = cartKey("cart of o3 of today");
      assert.equal(await findReservation(provider, key), undefined);
    } finally {
      await close();
      await place.drop();
    }
  });
}

const folder = mkdtempSync(join(tmpdir(), "evtstore-shop-"));
storyOn("sqlite", {
  url: `sqlite:${join(folder, "shop.db")}`,
  drop: async () => rmSync(folder, { recursive: true }),
});
const postgresUrl = await findDatabase("postgres18");
if (postgresUrl) {
  for (const scheme of ["postgres", "postgres+postgresjs", "postgres+knex"]) {
    storyOn(scheme, await postgresPlace(postgresUrl, scheme));
  }
}
const mysqlUrl = await findDatabase("mariadb");
if (mysqlUrl) storyOn("mysql", await mysqlPlace(mysqlUrl));
const mongoUrl = await findDatabase("mongodb");
if (mongoUrl) storyOn("mongodb", await mongoPlace(mongoUrl));
for (const { name, url } of await findServers(["neo4j"], [])) {
  storyOn(name, neo4jPlace(url, name));
}

async function withCart(): Promise<Shop> {
  const shop = createShop(createProvider({ onError: () => {} }));
  await shop.products.list("lamp", { name: "Lamp", cents: 39_90 });
  await shop.carts.put("c1", { sku: "lamp", quantity: 1 });
  return shop;
}

test("a cart that grows while it is looked at is not ordered", async () => {
  const shop = await withCart();
  const quote = await look(shop, "c1");
  await shop.carts.put("c1", { sku: "lamp", quantity: 2 });
  await assert.rejects(
    buy(shop, quote, { orderId: "o1", customerId: "ada" }),
    (error) => error instanceof RequirementError && error.stream === "carts",
  );
});

test("a click that comes twice is one order", async () => {
  const shop = await withCart();
  const quote = await look(shop, "c1");
  const order = { orderId: "o1", customerId: "ada" };
  await Promise.all([buy(shop, quote, order), buy(shop, quote, order)]);
  await createFulfilment(shop, createTestGateway()).runOnce();
  // The cart has changed since, and the click comes once more.
  await buy(shop, quote, order);
  const events = await shop.provider.getEventsFor("orders", "o1");
  assert.deepEqual(events.map(({ event }) => event.type), [
    "OrderPlaced",
    "OrderPaid",
  ]);
});

test("what was withdrawn cannot be bought", async () => {
  const shop = await withCart();
  await shop.products.withdraw("lamp", {});
  await assert.rejects(look(shop, "c1"), { code: "NOT_LISTED" });
});

test("a process that begins again from the first event charges nobody twice", async () => {
  const shop = await withCart();
  const gateway = createTestGateway();
  await buy(shop, await look(shop, "c1"), {
    orderId: "o1",
    customerId: "ada",
  });
  await createFulfilment(shop, gateway).runOnce();
  const before = await shop.provider.getPosition("fulfilment");
  await shop.provider.setPosition("fulfilment", 0);
  assert(await createFulfilment(shop, gateway).runOnce() > 0);
  assert.equal(await shop.provider.getPosition("fulfilment"), before);
  assert.deepEqual([...gateway.charged], [["o1", 39_90]]);
});
