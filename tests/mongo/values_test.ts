import assert from "node:assert/strict";
import type { TestContext } from "node:test";
import { Binary, Decimal128, MongoClient, ObjectId } from "npm:mongodb@7";
import { createProvider } from "../../providers/mongo.ts";
import { collectionsOf } from "../providers/support/mongo.ts";
import { onMongo, open } from "./support.ts";

async function openValues(t: TestContext) {
  const { provider, url, events } = await open(t);
  let count = 0;
  return {
    provider,
    url,
    events,
    async store(event: any, metadata?: any) {
      const id = `id ${++count}`;
      const [created] = provider.createEvents("values", id, 1, [event]);
      if (metadata) created!.metadata = metadata;
      await provider.append("values", id, 1, [created!]);
      const [stored] = await provider.getEventsFor("values", id);
      return stored!;
    },
  };
}

onMongo(
  "dates and the driver's own types are stored as they are",
  async (t) => {
    const { store } = await openValues(t);
    const event = {
      type: "Valued",
      at: new Date(1),
      list: [{ at: new Date(2) }],
      id: new ObjectId(),
      price: Decimal128.fromString("1.10"),
      bytes: new Binary(new Uint8Array([1, 2])),
      left: undefined,
    };
    const stored = await store(event);
    const { left: _, ...rest } = event;
    assert.deepEqual(stored.event, rest);
    assert.ok(!("left" in stored.event));
  },
);

onMongo(
  "metadata is what JSON makes of it, also where BSON could not hold it",
  async (t) => {
    const { store } = await openValues(t);
    const metadata = {
      at: new Date(3),
      "a\0b": "\uD800",
      _bsontype: "ObjectId",
      reference: { $ref: "a", $id: 1 },
    };
    const stored = await store({ type: "Valued" }, metadata);
    assert.deepEqual(stored.metadata, JSON.parse(JSON.stringify(metadata)));
  },
);

onMongo(
  "an event that BSON cannot hold is refused, and nothing is stored",
  async (t) => {
    const { store, events } = await openValues(t);
    let deep: unknown = 0;
    for (let level = 0; level < 96; level++) deep = [deep];
    const bad: [object, RegExp][] = [
      [{ "a\0b": 1 }, /name of a property has a NUL/],
      [{ text: "\uD800" }, /lone surrogate/],
      [{ "\uD800": 1 }, /lone surrogate/],
      [{ value: { _bsontype: "ObjectId", id: "x" } }, /"_bsontype"/],
      [{ value: { $ref: "users", $id: 1 } }, /"\$ref" and "\$id"/],
      [{ deep }, /more than 96 levels/],
      [{ text: "x".repeat(17 * 1024 * 1024) }, /16 MiB/],
    ];
    for (const [value, message] of bad) {
      await assert.rejects(store({ type: "Valued", ...value }), {
        name: "StoreError",
        code: "INVALID_INPUT",
        message,
      });
    }
    assert.equal(await events.countDocuments(), 0);
    // With others that wait at the same time only the large one is refused.
    const outcomes = await Promise.allSettled([
      store({ type: "Small" }),
      store({ type: "Large", text: "x".repeat(17 * 1024 * 1024) }),
      store({ type: "Small" }),
    ]);
    assert.deepEqual(
      outcomes.map((one) => one.status === "fulfilled" || one.reason.code),
      [true, "INVALID_INPUT", true],
    );
  },
);

onMongo("many large events of one commit are stored together", async (t) => {
  const { provider } = await open(t);
  const text = "x".repeat(3 * 1024 * 1024);
  const events = [1, 2, 3, 4, 5, 6, 7].map((number) => (
    { type: "Large", text, number }
  ));
  await provider.append(
    "values",
    "large",
    1,
    provider.createEvents("values", "large", 1, events),
  );
  const stored = await provider.getEventsFor("values", "large");
  assert.deepEqual(stored.map(({ event }) => event.number), [
    1,
    2,
    3,
    4,
    5,
    6,
    7,
  ]);
});

onMongo("options of the application's client change nothing", async (t) => {
  const { url } = await open(t);
  const client = new MongoClient(url, {
    promoteLongs: true,
    useBigInt64: true,
    promoteValues: true,
    ignoreUndefined: false,
    readPreference: "secondaryPreferred",
    readConcernLevel: "local",
    writeConcern: { w: 1 },
    retryWrites: false,
  });
  t.after(() => client.close());
  const provider = createProvider(collectionsOf(client.db()));
  const event = { type: "Valued", count: 3, left: undefined };
  await provider.append(
    "values",
    "ada",
    1,
    provider.createEvents("values", "ada", 1, [event, event]),
  );
  const stored = await provider.getEventsFor("values", "ada");
  assert.deepEqual(stored.map(({ version }) => version), [1, 2]);
  assert.deepEqual(stored[0]!.event, { type: "Valued", count: 3 });
});
