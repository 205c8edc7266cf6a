import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { findReservation, RequirementError } from "evtstore";
import { createProvider } from "evtstore/provider/memory";
import { connectDatabase } from "../../examples/bank/open_database.ts";
import { boardTables } from "../../examples/shop/board_tables.ts";
import { createBoard } from "../../examples/shop/board.ts";
import { buy, look } from "../../examples/shop/checkout.ts";
import { createFulfilment } from "../../examples/shop/fulfilment.ts";
import { createTestGateway } from "../../examples/shop/gateway.ts";
import { emailKey } from "../../examples/shop/customer.ts";
import { writeHistory } from "../../examples/shop/history.ts";
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
  "order of 2023: stored Bought, read OrderPlaced, OrderPaid, OrderSent, OrderDelivered",
  "order of 2024: stored OrderPlaced, read OrderPlaced, OrderCancelled",
  "Charles is charles@example.org, and a clock costs 12.50",
  "mail to charles@example.org: order of 2023 is on its way: P2023",
  "the address is taken by ada of today",
  "c1 of today: 51 events, and a snapshot at 50",
  "products: lamp of today has changed: look again",
  "the cart was ordered already: o1 of today",
  "parked: o2 of today: the payment service is down",
  "lamps left: 2",
  "mail to lovelace+today@example.org: o1 of today is on its way: P1 today",
  "the board had by, cents, customerId, name, state",
  "now it has by, cents, customerId, name, pieces, state",
  "version 2 of the board is live",
  "mail to ada+today@example.org: o2 of today is on its way: P2 today",
  "of ada there is left: null, null, null",
  "o1 of today: 2 for nobody we remember, 89.80, by ada of today, delivered to a neighbour",
  "o2 of today: 1 for Bob, 44.90, by somebody, delivered to a neighbour",
  "o3 of today: 1 for Bob, 90000.00, by somebody, cancelled: over the limit",
  "o4 of today: 2 for Bob, 89.80, by somebody, cancelled: not paid in time",
  "o5 of today: 3 for Bob, 134.70, by somebody, cancelled: sold out",
  "order of 2023: 2 for Charles, 25.00, by somebody, delivered to Charles",
  "order of 2024: 2 for Grace, 74.99, by somebody, cancelled: changed her mind",
];

/** What is told on a later day: the board of today is live already. */
const NEXT = STORY
  .filter((line) => !/^mail to charles|^the board had|^now it/.test(line))
  .map((line) => line.replaceAll("today", "tomorrow"));

function storyOn(name: string, place: Place): void {
  test(`the shop on ${name}: a day, from the address to the door`, async () => {
    const { provider, close } = await connectDatabase(place.url);
    try {
      const told: string[] = [];
      const shop = createShop({ ...provider, onError: () => {} });
      await tellStory(shop, (line) => told.push(line), "today");
      assert.deepEqual(told, STORY);
      // A cart whose order was cancelled may be ordered again, and an address
      // taken by somebody else.
      const lovelace = "lovelace+today@example.org";
      for (const key of [cartKey("cart of o3 of today"), emailKey(lovelace)]) {
        assert.equal(await findReservation(provider, key), undefined);
      }
      await isForgotten(shop, "ada of today", lovelace);

      const next: string[] = [];
      await tellStory(shop, (line) => next.push(line), "tomorrow");
      assert.deepEqual(next, NEXT);
    } finally {
      await close();
      await place.drop();
    }
  });
}

/** Neither the log nor the board has what was forgotten. */
async function isForgotten(
  { provider, readEvents }: Shop,
  id: string,
  email: string,
): Promise<void> {
  const stored = await provider.getEventsFor("customers", id);
  assert.equal(stored.length, 3);
  assert(!JSON.stringify(stored.map(({ event }) => event)).includes(email));
  for await (const { aggregateId, event } of readEvents(["customers"])) {
    if (aggregateId !== id || !("email" in event)) continue;
    assert.equal(event.email, null);
  }
  for (const version of [1, 2]) {
    const { customers } = boardTables(provider, version);
    assert.equal(await customers.get(id), undefined);
    assert(await customers.get("charles"));
  }
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
  await shop.stocks.deliver("lamp", { quantity: 5 });
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

test("a timer that is set outlives its process, and fires once", async () => {
  const shop = await withCart();
  const gateway = createTestGateway({ waiting: new Set(["o1"]) });
  await buy(shop, await look(shop, "c1"), {
    orderId: "o1",
    customerId: "ada",
  });
  await createFulfilment(shop, gateway, { payWithin: "1ms" }).runOnce();
  await new Promise((resolve) => setTimeout(resolve, 5));
  // Another process, and one more.
  await createFulfilment(shop, gateway).runOnce();
  await createFulfilment(shop, gateway).runOnce();
  const stock = await shop.provider.getEventsFor("stock", "lamp");
  assert.deepEqual(stock.map(({ event }) => event.type), [
    "GoodsDelivered",
    "GoodsSetAside",
    "GoodsPutBack",
  ]);
});

test("customers of earlier years are forgotten, too", async () => {
  const shop = createShop(createProvider());
  await writeHistory(shop.provider);
  const board = createBoard(shop, () => {});
  await board.handler.runOnce();
  assert.equal((await board.read()).get("order of 2023")?.name, "Charles");

  for (const id of ["charles", "grace"]) await shop.forget(id);
  for (const id of ["charles", "grace"]) {
    const { name, email } = await shop.domain.customer.getAggregate(id);
    assert.deepEqual([name, email], [null, null]);
  }
  const forgotten = (await board.read()).get("order of 2023")?.name;
  assert.equal(forgotten, "nobody we remember");
});

test("history is written once, and stays as it was written", async () => {
  const shop = createShop(createProvider());
  await writeHistory(shop.provider);
  await writeHistory(shop.provider);
  const [order, ...others] = await shop.provider.getEventsFor(
    "orders",
    "order of 2023",
  );
  await shop.domain.order.getAggregate("order of 2023");
  assert.equal(order?.event.type, "Bought");
  assert.equal(others.length, 2);
});
