import { createProvider } from "evtstore/provider/memory";
import assert from "node:assert/strict";
import { test } from "node:test";
import { TestProcesses } from "../tests/shards/processes.ts";
import type { HandlerChange } from "./handler_condition.ts";
import { ShardedHandler } from "./sharded_handler.ts";
import { allSlices, sliceBookmark, sliceOf } from "./slices.ts";

const ids = Array.from({ length: 1000 }, (_, index) => `id${index}`);
const slice = (aggregateId: string) => sliceOf({ stream: "a", aggregateId });
const code = (expected: string) => (error: unknown) =>
  (error as { code?: string }).code === expected;

test("start() twice is once, and stop() ends it", async () => {
  const world = new TestProcesses({ shards: 4 });
  const one = world.open();
  await one.handler.stop();
  one.handler.start();
  one.handler.start();
  await world.pass(1000);
  await one.handler.stop();
  await world.append(ids[0]!);
  await world.pass(3000);
  assert.deepEqual(one.seen, []);
  assert.equal((await one.handler.status()).state, "stopped");
});

test("a start that follows a stop at once is the one that counts", async () => {
  const world = new TestProcesses({ shards: 4 });
  const one = world.open();
  one.handler.start();
  await world.pass(1000);
  const stopping = one.handler.stop();
  one.handler.start();
  await world.pass(1000);
  await stopping;
  await world.append(ids[0]!);
  await world.pass(1000);
  assert.deepEqual(one.seen, [`${ids[0]}:1`]);
  await one.handler[Symbol.asyncDispose]();
  await world.append(ids[0]!);
  await world.pass(3000);
  assert.equal(one.seen.length, 1);
});

test("stop() waits for the callback in hand", async () => {
  const world = new TestProcesses({ shards: 4 });
  const hanging = Promise.withResolvers<void>();
  const one = world.open({}, () => hanging.promise);
  await world.append(ids[0]!);
  one.handler.start();
  await world.pass(1000);
  let isStopped = false;
  const stopping = one.handler.stop().then(() => isStopped = true);
  await world.pass(1000);
  assert.equal(isStopped, false);
  hanging.resolve();
  await stopping;
  assert.deepEqual(one.seen, [`${ids[0]}:1`]);
});

test("stop() ends one that waits for a handler without shards", async () => {
  const world = new TestProcesses();
  const hanging = Promise.withResolvers<void>();
  const before = world.open({}, () => hanging.promise);
  await world.append(ids[0]!);
  before.handler.start();
  await world.pass(1000);
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
  const world = new TestProcesses();
  const hanging = Promise.withResolvers<void>();
  const before = world.open({}, () => hanging.promise);
  await world.append(ids[0]!);
  before.handler.start();
  await world.pass(1000);
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

test("runOnce() inside a callback is refused before anything is read", async () => {
  const world = new TestProcesses({ shards: 4 });
  const counts: number[] = [];
  const one = world.open({}, async () => {
    await world.clock.settle();
    const before = one.reads;
    await assert.rejects(one.handler.runOnce(), code("HANDLER_REENTERED"));
    counts.push(one.reads - before);
  });
  await world.append(ids[0]!);
  await one.handler.runOnce();
  assert.deepEqual(counts, [0]);
});

test("run() is one turn of all slices, of one that is started", async () => {
  const world = new TestProcesses({ shards: 4, poll: 3_600_000 });
  delete (world.shared as { watch?: unknown }).watch;
  const one = world.open();
  await world.append(ids[0]!);
  await one.handler.run();
  assert.deepEqual(one.seen, []);
  one.handler.start();
  await world.pass(1000);
  assert.deepEqual(one.seen, [`${ids[0]}:1`]);
  // It will look in an hour, unless it is told to.
  await world.append(ids[0]!);
  await world.pass(5000);
  assert.equal(one.seen.length, 1);
  await one.handler.run();
  assert.equal(one.seen.length, 2);
  await one.handler.stop();
  const promised = new ShardedHandler({
    ...{ bookmark: "model", streams: ["a"], shards: 4 },
    provider: Promise.resolve(world.shared),
  });
  await promised.run();
});

test("runOnce() throws what a callback threw, when the others are done", async () => {
  const world = new TestProcesses({ shards: 4 });
  const problem = new Error("boom");
  const [bad, good] = [
    ids[0]!,
    ids.find((id) => slice(id) !== slice(ids[0]!))!,
  ];
  const one = world.open({}, (id) => {
    if (id === bad) throw problem;
  });
  await world.append(bad);
  await world.append(good);
  await assert.rejects(one.handler.runOnce(), (error) => error === problem);
  assert.deepEqual(one.seen, [`${good}:1`]);
});

test("where it stands is stored now by setPosition(), and read anew after reset()", async () => {
  const world = new TestProcesses({ shards: 4 });
  const one = world.open();
  const some = allSlices.map((each) => ids.find((id) => slice(id) === each)!);
  for (const id of some) await world.append(id);
  await one.handler.runOnce();
  assert.equal(await one.handler.getPosition(), 64);
  const [id] = some as [string];
  // Another one stands elsewhere, in one slice.
  const bookmark = sliceBookmark("model", slice(id));
  await world.shared.setPosition(bookmark, 0);
  assert.equal(await one.handler.runOnce(), 0);
  one.handler.reset();
  assert.equal(await one.handler.getPosition(), 0);
  assert.equal(await one.handler.runOnce(), 1);
  // What was read for the others alone is stored for all of them.
  await world.append(id);
  await one.handler.runOnce();
  await one.handler.setPosition();
  const places = await Promise.all(
    allSlices.map((each) =>
      world.shared.getPosition(sliceBookmark("model", each))
    ),
  );
  assert.deepEqual(new Set(places), new Set([65]));
});

test("what is parked is given up in whichever slice it is", async () => {
  const world = new TestProcesses({ shards: 4, onFailure: "park" });
  const one = world.open({ retry: { times: 0 } }, () => {
    throw new Error("boom");
  });
  for (const id of ids.slice(0, 3)) await world.append(id, 2);
  await one.handler.runOnce();
  const [first] = await one.handler.parked();
  const { stream, aggregateId, lastVersion } = first!;
  assert.equal(
    await one.handler.discard({ stream, aggregateId, version: lastVersion }),
    2,
  );
  assert.equal((await one.handler.parked()).length, 2);
});

test("without watch() it looks as often as poll says", async () => {
  const world = new TestProcesses({ shards: 4, poll: 500 });
  delete (world.shared as { watch?: unknown }).watch;
  const one = world.open();
  one.handler.start();
  await world.pass(2000);
  const before = one.reads;
  await world.pass(5000);
  assert.equal(one.reads - before, 10);
  await world.append(ids[0]!);
  await world.pass(600);
  assert.deepEqual(one.seen, [`${ids[0]}:1`]);
  await one.handler.stop();
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
