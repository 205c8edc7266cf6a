import assert from "node:assert/strict";
import { test } from "node:test";
import { sliceBookmark, sliceOf } from "./slices.ts";
import { TestProcesses } from "./sharded_processes.ts";

const ids = Array.from({ length: 200 }, (_, index) => `id${index}`);
const slice = (aggregateId: string) => sliceOf({ stream: "a", aggregateId });

test("one process handles the events of all slices", async () => {
  const world = new TestProcesses({ shards: 8 });
  for (const id of ids) await world.append(id, 3);
  const one = world.open();
  assert.equal(await one.handler.runOnce(), 600);
  assert.deepEqual(world.violations(), []);
  // One reading for all slices: a page, and the end of the log.
  assert.ok(one.reads <= 4, String(one.reads));
});

test("a started process handles what is there and what comes", async () => {
  const world = new TestProcesses({ shards: 8 });
  for (const id of ids) await world.append(id);
  const one = world.open();
  one.handler.start();
  await world.pass(3000);
  assert.deepEqual(world.violations(), []);
  for (const id of ids) await world.append(id);
  await world.pass(100);
  assert.deepEqual(world.violations(), []);
  assert.equal((await world.slicesOf(one)).length, 64);
  await one.handler.stop();
  assert.deepEqual(one.errors, []);
});

test("processes that come and go share the slices evenly", async () => {
  const world = new TestProcesses({ shards: 64 });
  const [one, two, three] = [world.open(), world.open(), world.open()];
  one.handler.start();
  await world.pass(2000);
  two.handler.start();
  await world.pass(5000);
  assert.equal((await world.slicesOf(one)).length, 32);
  assert.equal((await world.slicesOf(two)).length, 32);
  three.handler.start();
  await world.pass(5000);
  for (const id of ids) await world.append(id);
  await world.pass(100);
  assert.deepEqual(world.violations(), []);
  const counts = await Promise.all(
    [one, two, three].map(async (each) => (await world.slicesOf(each)).length),
  );
  assert.deepEqual(counts.toSorted(), [21, 21, 22]);
  await three.handler.stop();
  await world.pass(3000);
  two.crash();
  for (const id of ids) await world.append(id);
  await world.pass(10_000);
  assert.equal((await world.slicesOf(one)).length, 64);
  assert.deepEqual(world.violations(), []);
  await one.handler.stop();
});
