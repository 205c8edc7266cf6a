import { createProvider } from "evtstore/provider/memory";
import assert from "node:assert/strict";
import { test } from "node:test";
import {
  BOOKMARK_RECORD,
  liveVersionKey,
  slicedKey,
} from "./bookmark_records.ts";
import { failureOf, ParkedEvents, toParkedAggregate } from "./parked_events.ts";

const eventOf = (aggregateId: string, position: any = 7): any => ({
  ...{ stream: "a", aggregateId, version: 1, position },
  event: { type: "Done" },
});

/** A bookmark with so many parked aggregates, and a live version, beside others. */
async function setUp(count: number) {
  const { records } = createProvider();
  for (const name of ["model", "other", "third"]) {
    const store = new ParkedEvents(records, name);
    const own = name === "model" ? count : 3;
    for (let index = 0; index < own; index++) {
      await store.add(eventOf(`${index}`), "bad", 1, 0);
    }
    await records.put(BOOKMARK_RECORD, liveVersionKey(name), { live: 2 }, {
      revision: 0,
    });
  }
  return { records, store: new ParkedEvents(records, "model") };
}

test("all that is parked is listed, and the live version found, around a full page", async () => {
  for (const count of [999, 1000]) {
    const { store } = await setUp(count);
    const listed = await store.list();
    const ids = new Set(listed.map(({ value }) => value.aggregateId));
    assert.equal(listed.length, count);
    assert.equal(ids.size, count);
    assert(listed.every(({ value }) => value.bookmark === "model"));
    assert.deepEqual(store.liveVersion?.value, { live: 2 }, `${count} parked`);
  }
});

test("the live version is asked for by itself only where no page has come to it", async () => {
  const many = 1000;
  for (const [count, others] of [[3, 3], [3, many], [999, 3]] as const) {
    const { records, store } = await setUp(count);
    const other = new ParkedEvents(records, "other");
    for (let index = 3; index < others; index++) {
      await other.add(eventOf(`${index}`), "bad", 1, 0);
    }
    const asked: string[] = [];
    const { get } = records;
    records.get = (kind, key, options) => {
      asked.push(key);
      return get.call(records, kind, key, options);
    };
    const [first] = await store.list();
    await store.find("a", first!.value.aggregateId);
    assert.deepEqual(store.liveVersion?.value, { live: 2 });
    assert(!asked.includes(liveVersionKey("model")), `${count}, ${others}`);
  }
});

test("one aggregate is found among many, with the live version behind them", async () => {
  const { store, records } = await setUp(1001);
  const found = await store.find("a", "500");
  assert.equal(found?.value.aggregateId, "500");
  assert.deepEqual(store.liveVersion?.value, { live: 2 });
  assert.equal(await store.find("b", "500"), undefined);
  // Behind the first of them a page ends before the live version.
  const [first] = await store.list();
  const { aggregateId } = first!.value;
  const again = new ParkedEvents(records, "model");
  assert.deepEqual(await again.find("a", aggregateId), first);
  assert.deepEqual(again.liveVersion?.value, { live: 2 });
  assert.equal(again.isSliced, false);
  const { key, kind, revision } = found!;
  assert.deepEqual(await store.get(key), found);
  // One that is over is about to be removed: it waits for nothing.
  const over = { ...found!.value, version: 2 };
  await records.put(kind, key, over, { revision });
  assert.equal(await store.find("a", "500"), undefined);
  assert.equal((await store.list()).length, 1000);
  assert.notEqual(await store.get(key), undefined);
  assert.equal((await store.listAndTidy()).length, 1000);
  assert.equal(await store.get(key), undefined);
  assert.equal((await store.list()).length, 1000);
});

test("a bookmark without a later version has none that is live", async () => {
  const { records } = createProvider();
  const store = new ParkedEvents(records, "model");
  await store.add(eventOf("x"), "bad", 1, 0);
  assert.equal((await store.list()).length, 1);
  assert.equal(store.liveVersion, undefined);
  assert.equal(store.isSliced, false);
});

test("that a bookmark is kept in slices is seen, and is nothing parked", async () => {
  for (const count of [1, 1001]) {
    const { records, store } = await setUp(count);
    await records.put(BOOKMARK_RECORD, slicedKey("model"), {}, { revision: 0 });
    assert.equal((await store.list()).length, count);
    assert.equal(store.isSliced, true, `${count} parked`);
  }
});

test("an event is parked once, and changed by one at a time", async () => {
  const { records } = createProvider();
  const store = new ParkedEvents(records, "model");
  const added = await store.add(eventOf("x"), new Error("bad"), 3, 1_000);
  assert.equal(await store.add(eventOf("x"), "bad", 3, 0), undefined);
  const value = { ...added!.value, failures: 2 };
  const changed = await store.change(added!, value);
  assert.equal(await store.change(added!, value), undefined);
  assert.deepEqual(await store.get(added!.key), changed);
  const { at, failures, lastVersion } = toParkedAggregate(changed!);
  assert.deepEqual([at, failures, lastVersion], [new Date(1_000), 2, 3]);
  assert.equal(await store.remove(added!), false);
  assert.equal(await store.remove(changed!), true);
});

test("a position is kept as it is if JSON holds it, else as text", () => {
  for (const position of [7, "7", 7n, { toString: () => "7" }]) {
    const kept = failureOf(eventOf("x", position), "bad", 5);
    assert.equal(kept.position, position === 7 ? 7 : "7");
    assert.equal(kept.at, 5);
  }
});

test("of what was parked apart from each other the oldest is found first", async () => {
  const store = new ParkedEvents(createProvider().records, "model");
  for (const version of [10, 9]) {
    await store.add({ ...eventOf("x"), version }, "bad", 12, 0);
  }
  assert.equal((await store.find("a", "x"))!.value.version, 9);
});
