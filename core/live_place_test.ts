import { createProvider } from "evtstore/provider/memory";
import assert from "node:assert/strict";
import { test } from "node:test";
import { BOOKMARK_RECORD, liveVersionKey } from "./bookmark_records.ts";
import { LivePlace } from "./live_place.ts";
import { ParkedEvents } from "./parked_events.ts";
import type { Provider } from "./provider.ts";
import type { Records } from "./records.ts";
import { bookmarkOf } from "./version_names.ts";

/** A handler of three versions, of which the store knows which is live. */
async function setUp(version: number, options: { ownLive?: number } = {}) {
  const memory = createProvider();
  let looks = 0;
  const { records: all } = memory;
  const records: Records = {
    get: (...args) => {
      looks++;
      return all.get(...args);
    },
    list: (...args) => all.list(...args),
    due: (...args) => all.due(...args),
    put: (...args) => all.put(...args),
    remove: (...args) => all.remove(...args),
  };
  const provider: Provider<any> = { ...memory, records };
  for (const each of [1, 2, 3]) {
    await memory.setPosition(bookmarkOf("model", each), each * 10);
  }
  let revision = 0;
  const makeLive = async (live: number) => {
    const key = liveVersionKey("model");
    const value = { live, open: [] };
    assert(
      await memory.records.put(BOOKMARK_RECORD, key, value, { revision }),
    );
    revision++;
  };
  const place = new LivePlace(provider, { name: "model", version }, {
    position: async () => "own",
    isParked: async () => true,
    live: () => options.ownLive ?? 1,
  });
  const park = async (live: number) => {
    const store = new ParkedEvents(memory.records, bookmarkOf("model", live));
    const event: any = {
      ...{ stream: "a", aggregateId: "x", version: 2, position: 2 },
      event: { type: "Done" },
    };
    await store.add(event, "bad", 2, 0);
  };
  return { place, makeLive, park, looks: () => looks, provider };
}

test("a handler without a number is its own place, and asks nothing more", async () => {
  const { place, looks } = await setUp(1);
  assert.equal(await place.position(), "own");
  assert.equal(await place.isParked("a", "x", 2), true);
  assert.equal(looks(), 0);
});

test("it follows the later version that took over, once it has seen that", async () => {
  const { place, makeLive, park } = await setUp(1, { ownLive: 2 });
  await makeLive(2);
  await park(2);
  assert.equal(await place.position(), "own");
  // What it says of the past is not the answer any more.
  assert.equal(await place.isParked("a", "x", 2), undefined);
  assert.equal(await place.position(), 20);
  assert.equal(await place.isParked("a", "x", 1), false);
  assert.equal(await place.isParked("a", "x", 2), true);
  assert.equal(await place.isParked("a", "x", 3), true);
  assert.equal(await place.isParked("a", "y", 2), false);
  await makeLive(3);
  assert.equal(await place.isParked("a", "x", 2), undefined);
  assert.equal(await place.position(), 30);
});

test("it looks for a later version when it is told that it takes long", async () => {
  const { place, makeLive } = await setUp(1);
  await makeLive(3);
  await place.look();
  assert.equal(await place.position(), 30);
});

test("a later version asks which one is live until it is that itself", async () => {
  const { place, makeLive, looks } = await setUp(2);
  assert.equal(await place.position(), 10);
  await makeLive(2);
  assert.equal(await place.position(), "own");
  const before = looks();
  assert.equal(await place.position(), "own");
  assert.equal(looks(), before);
  assert.equal(await place.isParked("a", "x", 2), true);
  await makeLive(3);
  assert.equal(await place.isParked("a", "x", 2), undefined);
  assert.equal(await place.position(), 30);
});

test("it says nothing of an event while the next one takes over", async () => {
  const { place, makeLive } = await setUp(2);
  assert.equal(await place.position(), 10);
  // From here on the place of version 1 may be one that it was moved to.
  await makeLive(2);
  assert.equal(await place.isParked("a", "x", 2), undefined);
  assert.equal(await place.position(), "own");
});

test("where there are no records there are no versions to look for", async () => {
  const { provider } = await setUp(1);
  const { records: _, ...plain } = provider;
  const place = new LivePlace(plain, { name: "model", version: 1 }, {
    position: async () => "own",
    isParked: async () => false,
    live: () => 1,
  });
  await place.look();
  assert.equal(await place.position(), "own");
});
