import { createProvider } from "evtstore/provider/memory";
import assert from "node:assert/strict";
import { test } from "node:test";
import { failureOf, goingOnAt, ParkedEvents } from "./parked_events.ts";
import { ReplayCursor } from "./replay_cursor.ts";

const eventOf = (version: number): any => ({
  ...{ stream: "a", aggregateId: "x", version, position: version * 10 },
  event: { type: "Done" },
});

const failure = (version: number, at: number) =>
  failureOf(eventOf(version), "bad", at);

/** An aggregate of which version 2 has failed, and two more wait. */
async function setUp() {
  const provider = createProvider();
  const store = new ParkedEvents(provider.records, "model");
  const record = await store.add(eventOf(2), "bad", 4, 0);
  const cursor = new ReplayCursor(store, record!);
  cursor.enter([1, 2, 3, 4, 5, 6].map(eventOf));
  const stored = () => store.get(record!.key);
  const changeTo = async (own: { version?: number; lastVersion?: number }) => {
    const now = (await stored())!;
    const value = goingOnAt(now.value, own.version ?? now.value.version);
    assert(await store.change(now, { ...value, ...own }));
  };
  const range = async () => {
    const { version, lastVersion } = (await stored())!.value;
    return [version, lastVersion];
  };
  const discard = async () => void await store.remove((await stored())!);
  return { provider, cursor, stored, changeTo, range, discard };
}

test("it moves on, and keeps what was put behind it meanwhile", async () => {
  const { cursor, changeTo, range, stored } = await setUp();
  assert.deepEqual([cursor.next, cursor.last], [2, 4]);
  await changeTo({ lastVersion: 6 });
  cursor.moveTo(20);
  assert.equal(await cursor.store(), true);
  assert.deepEqual(await range(), [3, 6]);
  assert.deepEqual([cursor.next, cursor.last], [3, 6]);
  cursor.moveTo(40);
  assert.equal(await cursor.store(), true);
  assert.deepEqual(await range(), [5, 6]);
  assert.equal((await stored())!.value.error, undefined);
  cursor.skipTo(4);
  assert.equal(cursor.next, 5, "it does not go back");
});

test("who else has moved it has taken it over", async () => {
  const { cursor, changeTo, range, stored } = await setUp();
  await changeTo({ version: 3 });
  cursor.moveTo(40);
  assert.equal(await cursor.store(), false);
  assert.equal(await cursor.refresh(), false);
  assert.equal(await cursor.isGone(), false);
  assert.equal(await cursor.finish(), false);
  await cursor.failed(5, failure(5, 1));
  assert.deepEqual(await range(), [3, 4]);
  assert.equal((await stored())!.value.failures, 0);
});

test("what was discarded meanwhile is gone", async () => {
  const { cursor, discard, stored } = await setUp();
  assert.equal(await cursor.isGone(), false);
  await discard();
  cursor.moveTo(40);
  assert.equal(await cursor.store(), false);
  assert.equal(await cursor.isGone(), true);
  assert.equal(await cursor.finish(), false);
  await cursor.failed(2, failure(2, 1));
  assert.equal(await stored(), undefined);
});

test("in a transaction that ends early it moves back to where that was", async () => {
  const { cursor, provider, range, changeTo } = await setUp();
  await provider.transact(async (tx) => {
    assert.equal(await cursor.storeIn(tx, 40), true);
    assert.equal(await cursor.storeIn(tx, 30, 40), true);
  });
  cursor.committed(30);
  assert.deepEqual(await range(), [4, 4]);
  assert.equal(cursor.next, 4);
  // What it knows is what the transaction has stored.
  await provider.transact(async (tx) => {
    assert.equal(await cursor.storeIn(tx, 40), true);
  });
  cursor.committed(40);
  assert.deepEqual(await range(), [5, 4]);
  await changeTo({ lastVersion: 5 });
  await provider.transact(async (tx) => {
    assert.equal(await cursor.storeIn(tx, 50), false);
  });
  assert.equal(await cursor.refresh(), true);
  assert.equal(cursor.last, 5);
});

test("it ends where nothing waits, whoever has written beside it", async () => {
  const { cursor, changeTo, range, stored } = await setUp();
  assert.equal(await cursor.finish(), false, "there is more to do");
  cursor.moveTo(40);
  assert.equal(await cursor.store(), true);
  await changeTo({ lastVersion: 6 });
  assert.equal(await cursor.finish(), false);
  assert.deepEqual([cursor.next, cursor.last], [5, 6]);
  assert.deepEqual(await range(), [5, 6]);
  cursor.moveTo(60);
  assert.equal(await cursor.store(), true);
  await changeTo({ lastVersion: 6 });
  assert.equal(await cursor.finish(), true);
  assert.equal(await stored(), undefined);
});

test("a failure is counted at its event, and what was put behind it is kept", async () => {
  const { cursor, changeTo, stored } = await setUp();
  await cursor.failed(2, failure(2, 1));
  assert.equal((await stored())!.value.failures, 2);
  await changeTo({ lastVersion: 6 });
  assert.equal(await cursor.refresh(), true);
  await changeTo({ lastVersion: 7 });
  await cursor.failed(2, failure(2, 2));
  const { failures, lastVersion, at } = (await stored())!.value;
  assert.deepEqual([failures, lastVersion, at], [3, 7, 2]);
});

test("a failure behind the first is the first one of its event", async () => {
  const { cursor, range, stored } = await setUp();
  await cursor.failed(3, failure(3, 1));
  assert.deepEqual(await range(), [3, 4]);
  assert.equal((await stored())!.value.failures, 1);
});
