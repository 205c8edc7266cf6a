import assert from "node:assert/strict";
import { test } from "node:test";
import { TestProcesses } from "../tests/shards/processes.ts";
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
