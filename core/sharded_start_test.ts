import { createProvider } from "evtstore/provider/memory";
import assert from "node:assert/strict";
import process from "node:process";
import { test } from "node:test";
import { TestProcesses } from "../tests/shards/processes.ts";
import type { HandlerChange } from "./handler_condition.ts";
import { ShardedHandler } from "./sharded_handler.ts";
import { sliceBookmark, sliceOf } from "./slices.ts";

const ids = Array.from({ length: 1000 }, (_, index) => `id${index}`);
const slice = (aggregateId: string) => sliceOf({ stream: "a", aggregateId });
const code = (expected: string) => (error: unknown) =>
  (error as { code?: string }).code === expected;

/** A handler without shards that hangs in its first event. */
async function withHanging() {
  const world = new TestProcesses();
  const hanging = Promise.withResolvers<void>();
  const before = world.open({}, () => hanging.promise);
  await world.append(ids[0]!);
  before.handler.start();
  await world.pass(1000);
  return { world, before, hanging };
}

test("stop() ends one that waits for a handler without shards", async () => {
  const { world, before, hanging } = await withHanging();
  const after = world.open({ shards: 8 });
  after.handler.start();
  await world.pass(3000);
  assert.equal((await after.handler.status()).state, "standby");
  await after.handler.stop();
  assert.equal((await after.handler.status()).state, "stopped");
  hanging.resolve();
  await world.pass(3000);
  // Nothing was taken from it.
  await world.append(ids[0]!);
  await world.pass(3000);
  assert.deepEqual(before.seen, [`${ids[0]}:1`, `${ids[0]}:2`]);
  await before.handler.stop();
});

test("who waits for a handler without shards begins when somebody else has ended that", async () => {
  const { world, before, hanging } = await withHanging();
  const waiting = world.open({ shards: 8 });
  waiting.handler.start();
  await world.pass(2000);
  assert.equal((await waiting.handler.status()).state, "standby");
  // In a process that asks nobody.
  await world.open({ shards: 8 }).handler.runOnce();
  await world.pass(2000);
  assert.equal((await waiting.handler.status()).state, "idle");
  await waiting.handler.stop();
  hanging.resolve();
  await before.handler.stop();
});

test("what fails at the start is told of, and tried again after longer and longer", async () => {
  const world = new TestProcesses({ shards: 4 });
  const one = world.open({ retry: { minMs: 1000, maxMs: 3000 } });
  const { getPosition } = world.shared;
  const tries: number[] = [];
  world.shared.getPosition = (bookmark) => {
    if (bookmark !== sliceBookmark("model", 0)) return getPosition(bookmark);
    tries.push(world.clock.now());
    return Promise.reject(new Error("down"));
  };
  const changes: HandlerChange[] = [];
  one.handler.observe((change) => changes.push(change));
  one.handler.start();
  await world.pass(14_000);
  const pauses = tries.slice(1).map((at, index) => at - tries[index]!);
  assert.deepEqual(pauses.slice(0, 4), [1000, 2000, 3000, 3000]);
  assert.equal(one.errors.length, tries.length);
  const status = await one.handler.status();
  assert.equal(status.state, "retrying");
  assert.equal((status.lastError!.error as Error).message, "down");
  assert.equal(status.lastError!.attempts, tries.length);

  world.shared.getPosition = getPosition;
  await world.append(ids[0]!);
  await world.pass(5000);
  assert.deepEqual(one.seen, [`${ids[0]}:1`]);
  assert.deepEqual(
    changes.map(({ type }) => type).filter((type) => type !== "state"),
    [...tries.map(() => "failed"), "recovered"],
  );
  await one.handler.stop();
});

test("stop() ends one that has not begun, in its pause", async () => {
  const world = new TestProcesses({ shards: 4 });
  const one = world.open();
  const { getPosition } = world.shared;
  world.shared.getPosition = () => Promise.reject(new Error("down"));
  one.handler.start();
  await world.pass(1000);
  await one.handler.stop();
  world.shared.getPosition = getPosition;
  assert.equal((await one.handler.status()).state, "stopped");
  await world.append(ids[0]!);
  await world.pass(20_000);
  assert.deepEqual(one.seen, []);
});

test("one that is retired says so once, and again if it is started again", async () => {
  const world = new TestProcesses();
  await world.append(ids[0]!);
  await world.open().handler.runOnce();
  await world.open({ version: 2 }).handler.runOnce();
  await world.open({ version: 2 }).handler.runOnce();
  const sharded = world.open({ shards: 4 });
  const changes: HandlerChange[] = [];
  sharded.handler.observe((change) => changes.push(change));
  const reads = sharded.reads;
  for (const times of [1, 2]) {
    sharded.handler.start();
    await world.pass(2000);
    assert.equal(sharded.errors.length, times);
    assert.ok(sharded.errors.every(code("HANDLER_RETIRED")));
  }
  const { state, lastError } = await sharded.handler.status();
  assert.equal(state, "retired");
  assert.ok(code("HANDLER_RETIRED")(lastError!.error));
  const states = changes.filter(({ type }) => type === "state");
  assert.deepEqual(states, [{ type: "state", state: "retired" }]);
  // It has not looked at an event; the status has, to count.
  assert.ok(sharded.reads - reads <= 1, String(sharded.reads - reads));
  await sharded.handler.stop();
});

test("a provider that cannot be had ends the start, and another may come", async () => {
  const world = new TestProcesses();
  const provider = Promise.reject(new Error("no such server"));
  const warnings: string[] = [];
  const { emitWarning } = process;
  process.emitWarning =
    ((text: string) => void warnings.push(String(text))) as typeof emitWarning;
  try {
    const handler = new ShardedHandler(
      { bookmark: "model", streams: ["a"], provider, shards: 4 },
      world.clock,
    );
    for (const times of [1, 2]) {
      handler.start();
      await world.pass(1000);
      assert.equal(warnings.length, times, warnings.join());
    }
    await handler.stop();
  } finally {
    process.emitWarning = emitWarning;
  }
});

test("shards are for a provider that is promised too, and for version 1", async () => {
  const provider = createProvider();
  const options = { bookmark: "model", streams: ["a"], shards: 4 };
  const promised = new ShardedHandler({
    ...{ ...options, version: 1, provider: Promise.resolve(provider) },
  });
  assert.equal(await promised.runOnce(), 0);
  const { records: _, ...without } = provider;
  const refused = new ShardedHandler({
    ...{ ...options, provider: Promise.resolve(without) },
  });
  const wrong = { code: "NOT_SUPPORTED", field: "shards" };
  await assert.rejects(refused.runOnce(), wrong);
  assert.throws(
    () => new ShardedHandler({ ...options, provider: without }),
    wrong,
  );
  for (const bookmark of ["", "a\0b"]) {
    assert.throws(
      () => new ShardedHandler({ ...options, bookmark, provider }),
      { code: "INVALID_INPUT", field: "bookmark" },
    );
  }
  assert.throws(
    () => new ShardedHandler({ ...options, shards: 0, provider }),
    { code: "INVALID_INPUT", field: "shards" },
  );
});

test("what fails for all slices at once is told once, and an event's failure each time", async () => {
  const world = new TestProcesses({ shards: 4 });
  const one = world.open();
  one.handler.start();
  await world.pass(1000);
  const read = world.shared.getEventsFrom;
  const failing = async (error: unknown) => {
    await one.handler.stop();
    one.errors.length = 0;
    world.shared.getEventsFrom = () => Promise.reject(error);
    one.handler.start();
    await world.pass(3000);
    await one.handler.stop();
    world.shared.getEventsFrom = read;
    return one.errors.splice(0);
  };
  assert.deepEqual(await failing(new Error("down")).then(messages), ["down"]);
  // What is no object cannot be told from another, so it is told each time.
  for (const text of ["down", null]) {
    const told = await failing(text);
    assert.ok(told.length >= 64, String(told.length));
    assert.ok(told.every((error) => error === text));
  }

  const problem = new Error("boom");
  const two = world.open({ onFailure: "skip" }, () => {
    throw problem;
  });
  await world.append(ids[0]!);
  await world.append(ids.find((id) => slice(id) !== slice(ids[0]!))!);
  await two.handler.runOnce();
  assert.deepEqual(messages(two.errors), ["boom", "boom"]);
});

const messages = (errors: unknown[]) =>
  errors.map((error) => (error as Error).message);
