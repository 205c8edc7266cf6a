import { createProvider } from "evtstore/provider/memory";
import assert from "node:assert/strict";
import { test } from "node:test";
import type { HandlerChange } from "./handler_condition.ts";
import { checkProcess } from "./process_check.ts";
import { ShardedHandler } from "./sharded_handler.ts";
import { TestProcesses } from "../tests/shards/processes.ts";
import { sliceBookmark, sliceOf } from "./slices.ts";

const ids = Array.from({ length: 200 }, (_, index) => `id${index}`);
const slice = (aggregateId: string) => sliceOf({ stream: "a", aggregateId });
const code = (expected: string) => (error: unknown) =>
  (error as { code?: string }).code === expected;

test("one process handles the events of all slices", async () => {
  const world = new TestProcesses({ shards: 8 });
  for (const id of ids) await world.append(id, 3);
  const one = world.open();
  assert.equal(await one.handler.runOnce(), 600);
  assert.deepEqual(world.violations(), []);
  // One reading for all slices: a page, and the end of the log.
  assert.ok(one.reads <= 4, String(one.reads));
  for (const id of ids) await world.append(id);
  assert.equal(await one.handler.runOnce(), 200);
  assert.equal(await one.handler.runOnce(), 0);
  assert.deepEqual(world.violations(), []);
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

test("fewer shards than processes leave some of them standing by", async () => {
  const world = new TestProcesses({ shards: 1 });
  const [one, two] = [world.open(), world.open()];
  one.handler.start();
  two.handler.start();
  await world.pass(9000);
  const statuses = [await one.handler.status(), await two.handler.status()];
  assert.deepEqual(statuses.map(({ state }) => state).toSorted(), [
    "idle",
    "standby",
  ]);
  const waiting = statuses.find(({ state }) => state === "standby")!;
  assert.deepEqual(waiting.shards!.owners.map(({ slices }) => slices), [64]);
  assert.deepEqual(waiting.shards!.slices, []);
  await one.handler.stop();
  await two.handler.stop();
});

test("a new number of shards needs nothing but a deploy", async () => {
  const world = new TestProcesses();
  const [few, many] = [world.open({ shards: 2 }), world.open({ shards: 64 })];
  few.handler.start();
  await world.pass(2000);
  many.handler.start();
  for (let round = 0; round < 60; round++) {
    for (const id of ids.slice(0, 20)) await world.append(id);
    await world.pass(100);
  }
  // Both follow the greater one, and none of the slices stands still.
  const both = [await world.slicesOf(few), await world.slicesOf(many)];
  assert.deepEqual(both.map(({ length }) => length), [32, 32]);
  await many.handler.stop();
  await world.pass(3000);
  assert.deepEqual(world.violations(), []);
  await few.handler.stop();
});

test("an event that hangs holds up its slice alone", async () => {
  const world = new TestProcesses({ shards: 4 });
  let finish = () => {};
  const hanging = new Promise<void>((resolve) => finish = resolve);
  const stuck = ids[0]!;
  const one = world.open({}, (id) => id === stuck ? hanging : undefined);
  one.handler.start();
  await world.pass(1000);
  for (const id of ids) await world.append(id, 2);
  await world.pass(1000);
  const waiting = ids.filter((id) => !world.seen.includes(`${id}:2`));
  assert.ok(waiting.includes(stuck));
  for (const id of waiting) assert.equal(slice(id), slice(stuck));
  finish();
  await world.pass(100);
  assert.deepEqual(world.violations(), []);
  await one.handler.stop();
});

test("what waits behind an event that hangs does not hold up who is idle", async () => {
  const world = new TestProcesses({ shards: 4 });
  let finish = () => {};
  const hanging = new Promise<void>((resolve) => finish = resolve);
  const stuck = ids[0]!;
  const free = ids.find((id) => slice(id) !== slice(stuck))!;
  const one = world.open({}, (id) => id === stuck ? hanging : undefined);
  one.handler.start();
  await world.pass(1000);
  await world.append(stuck, 12_000);
  await world.pass(1000);
  // Everybody but one has nothing to do, and asks for nothing.
  await world.append(free);
  await world.pass(1000);
  assert.deepEqual(world.seen, [`${free}:1`]);
  finish();
  await world.pass(1000);
  assert.deepEqual(world.violations(), []);
  await one.handler.stop();
});

test("what comes for the slices of others does not wait here", async () => {
  const world = new TestProcesses({ shards: 64 });
  const [one, two] = [world.open(), world.open()];
  one.handler.start();
  await world.pass(2000);
  two.handler.start();
  await world.pass(5000);
  const theirs = await world.slicesOf(two);
  const [far] = ids.filter((id) => theirs.includes(slice(id)));
  const [near] = ids.filter((id) => !theirs.includes(slice(id)));
  await world.append(far!, 12_000);
  await world.append(near!);
  // Not even for the moment in which nobody takes what waits.
  await world.clock.advance(0);
  await world.clock.advance(0);
  await world.clock.advance(0);
  assert.deepEqual(one.seen, [`${near}:1`]);
  await world.pass(3000);
  assert.deepEqual(world.violations(), []);
  await one.handler.stop();
  await two.handler.stop();
});

test("who stops hands on all but the slice whose event it waits for", async () => {
  const world = new TestProcesses({ shards: 64 });
  let finish = () => {};
  const hanging = new Promise<void>((resolve) => finish = resolve);
  const stuck = ids[0]!;
  const callback = (id: string) => id === stuck ? hanging : undefined;
  const one = world.open({}, callback);
  one.handler.start();
  await world.pass(1000);
  await world.append(stuck);
  await world.pass(100);
  const two = world.open({}, callback);
  two.handler.start();
  await world.pass(1000);
  const stopping = one.handler.stop();
  await world.pass(4000);
  assert.equal((await world.slicesOf(two)).length, 63);
  finish();
  await stopping;
  await world.pass(3000);
  assert.equal((await world.slicesOf(two)).length, 64);
  assert.deepEqual(world.violations(), []);
  await two.handler.stop();
});

test("an event that fails holds up its slice alone, and is told of", async () => {
  const world = new TestProcesses({ shards: 4 });
  const bad = ids[0]!;
  let fails = true;
  const one = world.open({}, (id) => {
    if (fails && id === bad) throw new Error("boom");
  });
  const changes: HandlerChange[] = [];
  one.handler.observe((change) => changes.push(change));
  one.handler.start();
  await world.pass(1000);
  for (const id of ids) await world.append(id);
  await world.pass(5000);
  const waiting = ids.filter((id) => !world.seen.includes(`${id}:1`));
  for (const id of waiting) assert.equal(slice(id), slice(bad));
  const status = await one.handler.status();
  assert.equal(status.state, "retrying");
  assert.equal((status.lastError!.error as Error).message, "boom");
  assert.equal(status.lag.events, waiting.length);
  fails = false;
  await world.pass(15_000);
  assert.deepEqual(world.violations(), []);
  const kinds = changes.map((change) => change.type);
  assert.ok(kinds.includes("failed"));
  assert.equal(kinds.filter((kind) => kind === "recovered").length, 1);
  assert.equal((await one.handler.status()).state, "idle");
  assert.equal((await one.handler.status()).lag.events, 0);
  await one.handler.stop();
});

test("what is parked belongs to the handler, whichever slice it is in", async () => {
  const world = new TestProcesses({ shards: 4, onFailure: "park" });
  const bad = ids[0]!;
  let fails = true;
  const one = world.open({ retry: { times: 0 } }, (id) => {
    if (fails && id === bad) throw new Error("boom");
  });
  for (const id of ids) await world.append(id, 2);
  await one.handler.runOnce();
  const [parked, ...others] = await one.handler.parked();
  assert.equal(parked!.aggregateId, bad);
  assert.equal(parked!.lastVersion, 2);
  assert.deepEqual(others, []);
  assert.equal(world.seen.length, 398);
  assert.equal((await one.handler.status()).parked.events, 2);
  fails = false;
  const elsewhere = world.open();
  assert.equal(await elsewhere.handler.replay({ aggregateId: bad }), 2);
  assert.deepEqual(await one.handler.parked(), []);
  assert.deepEqual(world.violations(), []);
});

test("with shards it goes on where the handler without them stood", async () => {
  const world = new TestProcesses();
  for (const id of ids) await world.append(id);
  const before = world.open();
  before.handler.start();
  await world.pass(1000);
  const after = world.open({ shards: 8 });
  assert.equal(await after.handler.getPosition(), 200);
  assert.equal((await after.handler.status()).lag.events, 0);
  after.handler.start();
  for (const id of ids) await world.append(id);
  await world.pass(5000);
  for (const id of ids) await world.append(id);
  await world.pass(5000);
  // Who worked on all of it gave way, and learned that it is over.
  assert.equal((await before.handler.status()).state, "retired");
  assert.deepEqual(before.errors, []);
  assert.ok(after.seen.length >= 200);
  assert.deepEqual(world.violations(), []);
  await after.handler.stop();
});

test("without shards it is refused from then on, and nothing is moved", async () => {
  const world = new TestProcesses();
  for (const id of ids) await world.append(id);
  await world.open({ shards: 8 }).handler.runOnce();
  for (const id of ids) await world.append(id);
  const without = world.open();
  await assert.rejects(without.handler.runOnce(), code("HANDLER_SHARDED"));
  without.handler.start();
  await world.pass(1000);
  assert.equal((await without.handler.status()).state, "retired");
  assert.ok(without.errors.some(code("HANDLER_SHARDED")));
  const rebuild = world.open({ version: 2 });
  await assert.rejects(rebuild.handler.runOnce(), code("HANDLER_SHARDED"));
  assert.equal(world.seen.length, 200);
  await world.open({ shards: 1 }).handler.runOnce();
  assert.deepEqual(world.violations(), []);
});

test("a handler outside of the lease works twice, and lets nothing be skipped", async () => {
  const world = new TestProcesses();
  const before = world.open({ exclusive: false });
  before.handler.start();
  for (const id of ids) await world.append(id);
  await world.pass(1000);
  const after = world.open({ shards: 8 });
  after.handler.start();
  for (const id of ids) await world.append(id);
  await world.pass(2000);
  assert.equal(before.seen.length, 400);
  assert.ok(after.seen.length > 100, String(after.seen.length));
  await before.handler.stop();
  for (const id of ids) await world.append(id);
  await world.pass(2000);
  assert.deepEqual(world.violations(true), []);
  await after.handler.stop();
});

test("a start that a crash has ended in the middle begins anew", async () => {
  const world = new TestProcesses();
  for (const id of ids) await world.append(id);
  const before = world.open();
  await before.handler.runOnce();
  // Some slices were given a place, and then it crashed.
  const place = await world.shared.getPosition("model");
  for (let slice = 0; slice < 20; slice++) {
    await world.shared.setPosition(sliceBookmark("model", slice), place);
  }
  for (const id of ids) await world.append(id);
  await before.handler.runOnce();
  const after = world.open({ shards: 8 });
  for (const id of ids) await world.append(id);
  await after.handler.runOnce();
  assert.deepEqual(world.violations(), []);
});

test("a handler that a later version has taken over from is refused", async () => {
  const world = new TestProcesses();
  for (const id of ids) await world.append(id);
  await world.open().handler.runOnce();
  await world.open({ version: 2 }).handler.runOnce();
  for (const id of ids) await world.append(id);
  await world.open({ version: 2 }).handler.runOnce();
  const sharded = world.open({ shards: 4 });
  await assert.rejects(sharded.handler.runOnce(), code("HANDLER_RETIRED"));
  sharded.handler.start();
  await world.pass(1000);
  assert.equal((await sharded.handler.status()).state, "retired");
  assert.deepEqual(sharded.seen, []);
});

test("tailStream begins every slice at the end", async () => {
  const world = new TestProcesses({ shards: 4, tailStream: true });
  for (const id of ids) await world.append(id);
  const one = world.open();
  assert.equal(await one.handler.runOnce(), 0);
  for (const id of ids) await world.append(id);
  await world.open().handler.runOnce();
  assert.deepEqual(world.seen.toSorted(), ids.map((id) => `${id}:2`).sort());
});

test("an event costs one bookmark, and quiet slices come along now and then", async () => {
  const world = new TestProcesses({ shards: 4 });
  const one = world.open();
  one.handler.start();
  await world.pass(1000);
  const [id] = ids;
  one.stored.length = 0;
  const reads = one.reads;
  await world.append(id!);
  await world.pass(100);
  assert.deepEqual(one.stored, [sliceBookmark("model", slice(id!))]);
  // What it was, and the end; once more if it was told of in between.
  assert.ok(one.reads - reads <= 3, String(one.reads - reads));
  await world.append(id!, 3000);
  await world.pass(2000);
  const stored = new Set(one.stored);
  assert.equal(stored.size, 64);
  assert.ok(one.stored.length < 64 + 40, String(one.stored.length));
  // Somebody who takes over a quiet slice has little to read.
  one.crash();
  const two = world.open();
  const before = two.reads;
  await two.handler.runOnce();
  assert.ok(two.reads - before < 10, String(two.reads - before));
  assert.deepEqual(world.violations(true), []);
});

test("while the store fails, one slice tells of it, and all go on after it", async () => {
  const world = new TestProcesses({ shards: 4 });
  const one = world.open();
  one.handler.start();
  await world.pass(1000);
  const read = world.shared.getEventsFrom;
  world.shared.getEventsFrom = () => Promise.reject(new Error("down"));
  await world.pass(3000);
  assert.ok(one.errors.length > 0);
  assert.ok(one.errors.length < 10, String(one.errors.length));
  assert.equal(await one.handler.status().catch(() => undefined), undefined);
  world.shared.getEventsFrom = read;
  for (const id of ids) await world.append(id);
  await world.pass(12_000);
  assert.deepEqual(world.violations(), []);
  assert.equal((await one.handler.status()).state, "idle");
  await one.handler.stop();
});

test("stop() in a callback does not wait for it, in any slice", async () => {
  const world = new TestProcesses({ shards: 4 });
  let [inside, stopped] = [0, 0];
  let goOn = () => {};
  const several = new Promise<void>((resolve) => goOn = resolve);
  const one = world.open({}, async () => {
    if (++inside === 5) goOn();
    await several;
    await one.handler.stop();
    stopped++;
  });
  for (const id of ids.slice(0, 20)) await world.append(id);
  one.handler.start();
  await world.pass(2000);
  assert.ok(stopped >= 5, String(stopped));
  assert.equal((await one.handler.status()).state, "stopped");
  await assert.doesNotReject(one.handler.stop());
});

test("runOnce() and replay() in a callback are refused in every slice", async () => {
  const world = new TestProcesses({ shards: 4 });
  const reasons: unknown[] = [];
  const one = world.open({}, async (id) => {
    await one.handler.runOnce().catch((error) => reasons.push(error));
    const other = ids.find((other) => slice(other) !== slice(id))!;
    const replay = one.handler.replay({ aggregateId: other });
    await replay.catch((error) => reasons.push(error));
  });
  await world.append(ids[0]!);
  await one.handler.runOnce();
  assert.equal(reasons.length, 2);
  assert.ok(reasons.every(code("HANDLER_REENTERED")));
});

test("handled() waits for the slice of the aggregate alone", async () => {
  const world = new TestProcesses({ shards: 4 });
  let finish = () => {};
  const hanging = new Promise<void>((resolve) => finish = resolve);
  const stuck = ids[0]!;
  const one = world.open({}, (id) => id === stuck ? hanging : undefined);
  const elsewhere = world.open();
  const free = ids.find((id) => slice(id) !== slice(stuck))!;
  await world.append(stuck);
  await world.append(free);
  one.handler.start();
  await world.pass(1000);
  await one.handler.handled("a", free, 1);
  await elsewhere.handler.handled("a", free, 1);
  const late = one.handler.handled("a", stuck, 1, { timeout: 1000 });
  const refused = assert.rejects(late, code("HANDLER_BEHIND"));
  await world.pass(2000);
  await refused;
  finish();
  await world.pass(100);
  await one.handler.handled("a", stuck, 1);
  await one.handler.stop();
});

test("a batch has the events of one slice", async () => {
  const world = new TestProcesses({ shards: 4 });
  for (const id of ids) await world.append(id, 2);
  const provider = world.shared;
  const handler = new ShardedHandler(
    { bookmark: "batches", streams: ["a"], provider, shards: 4 },
    world.clock,
  );
  const batches: string[][] = [];
  handler.subscribeBatch((events: { aggregateId: string }[]) => {
    batches.push(events.map(({ aggregateId }) => aggregateId));
  });
  await handler.runOnce();
  assert.equal(batches.flat().length, 400);
  for (const batch of batches) {
    assert.equal(new Set(batch.map(slice)).size, 1);
  }
});

test("a process manager is not shared out", () => {
  const source = { stream: "a", provider: createProvider() };
  assert.throws(
    () =>
      checkProcess({
        ...{ name: "p", streams: [source as any], commands: {} },
        ...{ shards: 2 },
      }),
    (error: any) => error.field === "shards" && /timers/.test(error.message),
  );
});

test("options that cannot be combined are refused, and say why", () => {
  const provider = createProvider();
  const { records: _, ...without } = provider;
  const options = { bookmark: "model", streams: ["a"], provider };
  const own = {
    name: "own",
    getPosition: async () => 0,
    setPosition: async () => {},
  };
  for (
    const [wrong, field, reason] of [
      [{ shards: 0 }, "shards", /from 1 to 64/],
      [{ shards: 65 }, "shards", /from 1 to 64/],
      [{ shards: 1.5 }, "shards", /from 1 to 64/],
      [{ shards: 2, version: 2 }, "version", /another bookmark/],
      [{ shards: 2, exclusive: false }, "exclusive", /one process/],
      [{ shards: 2, alwaysTailStream: true }, "alwaysTailStream", /tailStream/],
      [{ shards: 2, bookmark: own }, "bookmark", /as a name/],
      [{ shards: 2, bookmark: "b".repeat(510) }, "bookmark", /bytes/],
      [{ shards: 2, provider: without }, "shards", /no records/],
      [{ shards: 2, concurrency: 0 }, "concurrency", /above 0/],
    ] as const
  ) {
    assert.throws(
      () => new ShardedHandler({ ...options, ...wrong } as any),
      (error: any) => error.field === field && reason.test(error.message),
      JSON.stringify(Object.keys(wrong)),
    );
  }
});
