import assert from "node:assert/strict";
import { MongoClient, Timestamp } from "npm:mongodb@6";
import { createProvider, migrate } from "../../providers/mongo.ts";
import {
  collectionsOf,
  mongoUrl,
  openMongo,
} from "../providers/support/mongo.ts";
import { loadEvtstore12, withServerTime } from "./evtstore_12.ts";
import { onMongo, sleep, Tail } from "./support.ts";
import type { TestContext } from "node:test";

/** A database that evtstore 12 has made and written. */
async function openOld(t: TestContext) {
  const { database, drop } = openMongo(MongoClient, mongoUrl!);
  t.after(drop);
  const { bookmarks, ...collections } = collectionsOf(database);
  const events = withServerTime(collections.events);
  const evtstore = await loadEvtstore12();
  await evtstore.migrate(events, bookmarks);
  const old = evtstore.createProvider({ events, bookmarks });
  const append = (id: string, version: number, count: number) =>
    old.append(
      "counters",
      id,
      version,
      old.createEvents(
        "counters",
        id,
        version,
        Array.from({ length: count }, (_, index) => ({
          type: "Counted",
          number: version + index,
          at: new Date(0),
        })),
      ),
    );
  await append("ada", 1, 2);
  await append("bob", 1, 1);
  await append("ada", 3, 1);
  const [, second] = await old.getEventsFrom(
    "counters",
    new Timestamp({ t: 0, i: 1 }),
  );
  await old.setPosition("balances", second!.position);
  return { old, append, events: collections.events, bookmarks, database };
}

onMongo("what evtstore 12 wrote is all there, and goes on", async (t) => {
  const { events, bookmarks, old } = await openOld(t);
  const before = await events.find().toArray();
  const place = await old.getPosition("balances");
  await migrate(events, bookmarks);
  await migrate({ events, bookmarks });
  assert.deepEqual(await events.find().toArray(), before);

  const provider = createProvider({ events, bookmarks, onError: () => {} });
  assert.deepEqual(await provider.getPosition("balances"), place);
  const rest = await provider.getEventsFrom("counters", place);
  assert.deepEqual(
    rest.map(({ aggregateId, version }) => `${aggregateId} ${version}`),
    ["bob 1", "ada 3"],
  );
  assert.deepEqual(rest[0]!.event.at, new Date(0));

  const created = provider.createEvents("counters", "ada", 4, [
    { type: "Counted" },
    { type: "Counted" },
  ]);
  await provider.append("counters", "ada", 4, created);
  const tail = new Tail(provider, "counters");
  await tail.read();
  assert.deepEqual(tail.seen, [
    "counters ada 1",
    "counters ada 2",
    "counters bob 1",
    "counters ada 3",
    "counters ada 4",
    "counters ada 5",
  ]);
  // An older process still reads, and moves its bookmark.
  const seen = await old.getEventsFor("counters", "ada");
  assert.deepEqual(seen.map(({ version }) => version), [1, 2, 3, 4, 5]);
  const last = seen.at(-1)!.position;
  await old.setPosition("balances", last);
  assert.equal(
    await provider.setPosition("balances", last, { from: place }),
    false,
  );
});

onMongo("an append of evtstore 12 is refused after migrate", async (t) => {
  const { events, bookmarks, append } = await openOld(t);
  await migrate(events, bookmarks);
  await assert.rejects(append("ada", 4, 1), { code: 121 });
  await assert.rejects(append("new", 1, 2), { code: 121 });
  assert.equal(await events.countDocuments(), 4);
  // What was stored before can still be erased.
  await events.updateOne({ aggregateId: "bob" }, {
    $set: { event: { type: "Erased" } },
  });
});

onMongo("migrate keeps the application's own validator", async (t) => {
  const { events, bookmarks, database } = await openOld(t);
  const own = {
    "event.type": { $type: "string" },
    stream: { $ne: "forbidden" },
  };
  await database.command({ collMod: "events", validator: own });
  await migrate(events, bookmarks);
  await migrate(events, bookmarks);
  const provider = createProvider({ events, bookmarks });
  const append = (stream: string) =>
    provider.append(
      stream,
      "a",
      1,
      provider.createEvents(stream, "a", 1, [{ type: "Tried" }]),
    );
  await assert.rejects(append("forbidden"), { code: "STORE_FAILED" });
  await append("allowed");
  const [{ options }] = await database.listCollections({ name: "events" })
    .toArray();
  assert.deepEqual(options.validator.$and[1], own);
});

onMongo("events that share a position are never torn apart", async (t) => {
  const { database, drop } = openMongo(MongoClient, mongoUrl!);
  t.after(drop);
  const { events, bookmarks } = collectionsOf(database);
  const { migrate: migrateOld } = await loadEvtstore12();
  await migrateOld(events, bookmarks);
  // Two primaries, or two clocks, have given the same to both streams.
  for (const [i, stream] of [[1, "a"], [2, "a"], [2, "b"], [3, "b"]] as const) {
    await events.insertOne({
      stream,
      position: new Timestamp({ t: 1_700_000_000, i }),
      version: i,
      timestamp: new Date(),
      event: { type: "Old" },
      aggregateId: "old",
    });
  }
  await migrate(events, bookmarks);
  const provider = createProvider({ events, bookmarks });
  await provider.append(
    "a",
    "new",
    1,
    provider.createEvents("a", "new", 1, [{ type: "New" }]),
  );
  for (const limit of [1, 2, 3]) {
    const seen: string[] = [];
    let position: any;
    for (;;) {
      const page = await provider.getEventsFrom(["a", "b"], position, limit);
      if (page.length === 0) break;
      seen.push(...page.map(({ stream, version }) => `${stream} ${version}`));
      position = page.at(-1)!.position;
    }
    assert.deepEqual(seen.sort(), ["a 1", "a 1", "a 2", "b 2", "b 3"]);
  }
});

onMongo("migrate prints what is missing, and runs none of it", async (t) => {
  const { events, bookmarks } = await openOld(t);
  const statements = await migrate({ events, bookmarks, print: true });
  assert.deepEqual(await events.indexes().then((all: any[]) => all.length), 3);
  assert.match(statements.join("\n"), /createIndex\(\{ "position": 1 \}/);
  assert.match(
    statements.join("\n"),
    /"position": \{ "\$gt": Timestamp\(\{ t: \d+, i: 2147483648 \}\)/,
  );
  await migrate({ events, bookmarks });
  assert.deepEqual(await migrate({ events, bookmarks, print: true }), []);
});

onMongo("what evtstore 12's migrate made is not enough", async (t) => {
  const { events, bookmarks } = await openOld(t);
  const provider = createProvider({ events, bookmarks });
  await assert.rejects(provider.getEventsFor("counters", "ada"), {
    name: "StoreError",
    code: "NOT_MIGRATED",
  });
  await migrate(events, bookmarks);
  assert.equal((await provider.getEventsFor("counters", "ada")).length, 3);
  await events.dropIndex("position-index");
  await assert.rejects(
    createProvider({ events, bookmarks }).horizon(),
    { code: "NOT_MIGRATED", message: /no unique index on position/ },
  );
});

onMongo("two processes may migrate at once", async (t) => {
  const { events, bookmarks } = await openOld(t);
  await Promise.all([1, 2, 3].map(() => migrate(events, bookmarks)));
  const provider = createProvider({ events, bookmarks });
  await provider.append(
    "counters",
    "ada",
    4,
    provider.createEvents("counters", "ada", 4, [{ type: "Counted" }]),
  );
});

onMongo("migrate beside an older writer loses nothing of it", async (t) => {
  const { events, bookmarks, append } = await openOld(t);
  const stored: string[] = [];
  const writing = (async () => {
    for (let version = 1;; version++) {
      const error = await append("eve", version, 1).then(
        () => undefined,
        (error) => error,
      );
      if (error) return error;
      stored.push(`counters eve ${version}`);
    }
  })();
  while (stored.length < 5) await sleep(1);
  await migrate(events, bookmarks);
  const provider = createProvider({ events, bookmarks });
  await provider.append(
    "counters",
    "new",
    1,
    provider.createEvents("counters", "new", 1, [{ type: "Counted" }]),
  );
  assert.equal((await writing).code, 121);
  const tail = new Tail(provider, "counters");
  await tail.read();
  assert.deepEqual(tail.seen.filter((name) => name.includes("eve")), stored);
  assert.equal(tail.seen.at(-1), "counters new 1");
});
