import assert from "node:assert/strict";
import { test } from "node:test";
import {
  idIn,
  names,
  openSliceLog,
  runSliceLog,
  versionsOf,
} from "../tests/shards/slice_log.ts";

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
  await append(idIn(0), 6000);
  await append(idIn(1), 6000);
  // Whether a third has nothing to do, and is here.
  await Promise.all([log.read(0, 0), log.read(1, 0)]);
  const running = runSliceLog(opened);
  for (let wait = 0; wait < 8; wait++) await clock.advance(250);
  for (const slice of [0, 1]) {
    assert.equal((await readAll(slice, 0)).found.length, 6000);
  }
  // Twelve pages, and the end.
  assert.ok(reads.length <= 14, String(reads.length));
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
