import assert from "node:assert/strict";
import { test } from "node:test";
import {
  idIn,
  names,
  openSliceLog,
  runSliceLog,
  versionsOf,
} from "../tests/shards/slice_log.ts";
import type { StoreEvent } from "./event.ts";
import { allSlices } from "./slices.ts";

const ids = allSlices.map((slice) => idIn(slice));

test("what comes for slices that nobody follows here does not wait", async () => {
  const { append, readAll } = openSliceLog();
  await append(idIn(1), 12_000);
  await append(idIn(0));
  // No time passes.
  assert.equal((await readAll(0, 0)).found.length, 1);
});

test("room that a slice makes is read into at once", async () => {
  const opened = openSliceLog();
  const { append, log, clock, reads } = opened;
  await append(idIn(0), 12_000);
  const page = await log.read(0, 0);
  const running = runSliceLog(opened);
  await clock.settle();
  assert.equal(reads.length, 10);
  // What was given is forgotten when the next is asked for.
  await log.read(0, page.at(-1)!.position);
  await clock.settle();
  assert.equal(reads.length, 11);
  assert.equal(reads.at(-1), 10_000);
  await running.stop();
});

test("where all have something to do, none has to read for itself", async () => {
  const opened = openSliceLog();
  const { append, readAll, log, clock, reads } = opened;
  for (let round = 0; round < 200; round++) {
    for (const slice of allSlices) await append(ids[slice]!);
  }
  await Promise.all(allSlices.map((slice) => log.read(slice, 0)));
  const running = runSliceLog(opened);
  for (let wait = 0; wait < 8; wait++) await clock.advance(250);
  await Promise.all(allSlices.map(async (slice) => {
    assert.equal((await readAll(slice, 0)).found.length, 200);
  }));
  // Thirteen pages, and the end.
  assert.equal(reads.length, 14);
  await running.stop();
});

test("who joins at the end waits only for a moment for one that takes nothing", async () => {
  const opened = openSliceLog();
  const { append, log, clock } = opened;
  const [stuck, free] = [idIn(0), idIn(1)];
  await append(stuck, 12_000);
  const [last] = (await append(free)) as [StoreEvent<any>];
  await log.read(0, 0);
  const running = runSliceLog(opened);
  await clock.settle();
  let isDone = false;
  log.read(1, last.position).then(() => isDone = true);
  for (let wait = 0; wait < 8; wait++) await clock.advance(250);
  assert.equal(isDone, true);
  await running.stop();
});

test("who waits for room when all have left reads on from its own place", async () => {
  const { append, log, clock } = openSliceLog();
  const [stuck, free] = [idIn(0), idIn(1)];
  await append(stuck, 12_000);
  await append(free, 2);
  // Both begin here, and one of them is given nothing for long.
  const stuckReading = log.read(0, 0);
  const reading = log.read(1, 0);
  assert.equal((await stuckReading).length, 100);
  await clock.settle();
  log.leave(0);
  log.leave(1);
  assert.deepEqual(names(await reading), versionsOf(free, 1, 2));
});
