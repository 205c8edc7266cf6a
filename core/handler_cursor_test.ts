import { createProvider } from "evtstore/provider/memory";
import assert from "node:assert/strict";
import { test } from "node:test";
import { MemoryBookmark } from "./bookmark.ts";
import { HandlerCursor, type TailOptions } from "./handler_cursor.ts";
import type { Provider } from "./provider.ts";

const fromTheStart = { tailStream: false, alwaysTailStream: false };

/** A log of three events, and a bookmark of which each call is counted. */
async function setUp(tail: Partial<TailOptions> = {}) {
  const shared = createProvider();
  const types = [{ type: "Done" }, { type: "Done" }, { type: "Done" }];
  await shared.append("a", "x", 1, shared.createEvents("a", "x", 1, types));
  const calls: string[] = [];
  const world = { beforeStore: async () => {} };
  const provider: Provider<any> = {
    ...shared,
    getPosition: (bookmark) => {
      if (bookmark === "model") calls.push("read");
      return shared.getPosition(bookmark);
    },
    setPosition: async (...args) => {
      calls.push("store");
      await world.beforeStore();
      return await shared.setPosition(...args);
    },
  };
  const cursorOf = (bookmark = "model") =>
    new HandlerCursor(provider, bookmark, ["a"], { ...fromTheStart, ...tail });
  return { world, shared, provider, calls, cursorOf, cursor: cursorOf() };
}

test("what is stored already is not stored again", async () => {
  const { cursor, calls, shared } = await setUp();
  assert.equal(await cursor.store(), true, "where no place is known");
  await cursor.open();
  assert.equal(await cursor.store(), true);
  assert.deepEqual(calls, ["read"]);
  cursor.moveTo(2);
  assert.equal(await cursor.store(), true);
  assert.equal(await cursor.store(), true);
  await cursor.open();
  assert.deepEqual(calls, ["read", "store"]);
  assert.equal(await shared.getPosition("model"), 2);
});

test("events that are passed over are no reason to store the place", async () => {
  const { cursor, calls, shared } = await setUp();
  await cursor.open();
  cursor.moveTo(1);
  assert.equal(await cursor.store(), true);
  cursor.moveTo(2);
  await cursor.open();
  assert.deepEqual(calls, ["read", "store"]);
  await shared.setPosition("model", 2);
  await cursor.follow();
  assert.equal(cursor.readings, 2);
  cursor.moveTo(3);
  await cursor.open();
  assert.deepEqual(calls, ["read", "store", "read"]);
});

test("a place at the end is stored as it is found, and read only once", async () => {
  const { cursor, calls, shared } = await setUp({ tailStream: true });
  await cursor.open();
  assert.equal(cursor.position, 3);
  assert.equal(await shared.getPosition("model"), 3);
  assert.deepEqual(calls, ["read", "store"]);
  assert.equal(cursor.readings, 1);
});

test("who would begin at the end follows another that began meanwhile", async () => {
  const { cursor, world, shared } = await setUp({ tailStream: true });
  world.beforeStore = async () => {
    world.beforeStore = async () => {};
    await shared.setPosition("model", 1);
  };
  await cursor.open();
  assert.equal(cursor.position, 1);
  assert.equal(await shared.getPosition("model"), 1);
});

test("a place in memory begins at the first event, whatever is stored", async () => {
  const { cursorOf, shared } = await setUp();
  const cursor = cursorOf(MemoryBookmark);
  await shared.setPosition(MemoryBookmark, 2);
  assert.equal(await cursor.beginning(), 0);
  await cursor.open();
  cursor.moveTo(1);
  assert.equal(await cursor.store(), true);
  assert.equal(await cursor.beginning(), 1, "and goes on where it is");
  assert.equal(await shared.getPosition(MemoryBookmark), 2);
});

test("a place that is stored with something else is not stored without it", async () => {
  const { cursor, shared } = await setUp();
  await cursor.open();
  assert.deepEqual(await cursor.storeWith(() => 2, async () => undefined), {});
  assert.equal(await shared.getPosition("model"), 0);
  cursor.moveTo(1);
  const done = await cursor.storeWith(() => 2, async () => "written");
  assert.deepEqual(done, { value: "written" });
  assert.equal(await shared.getPosition("model"), 2);
  assert.equal(cursor.position, 1, "it has not come there yet");
  cursor.moveTo(3);
  assert.deepEqual(
    await cursor.storeWith(() => undefined, async () => "here"),
    { value: "here" },
  );
  assert.equal(await shared.getPosition("model"), 3);
  await shared.setPosition("model", 1);
  const lost = await cursor.storeWith(
    () => 3,
    () => Promise.reject(new Error("must not be written")),
  );
  assert.deepEqual(lost, {});
});
