import assert from "node:assert/strict";
import { test } from "node:test";
import {
  idIn,
  names,
  openSliceLog,
  versionsOf,
} from "../tests/shards/slice_log.ts";
import type { StoreEvent } from "./event.ts";
import { allSlices } from "./slices.ts";

test("slices that begin together read the log once", async () => {
  const { append, readAll, reads } = openSliceLog();
  for (let slice = 0; slice < 64; slice++) await append(idIn(slice), 40);
  await Promise.all(allSlices.map(async (slice) => {
    const { found } = await readAll(slice, 0);
    assert.deepEqual(names(found), versionsOf(idIn(slice), 1, 40));
  }));
  // 2,560 events: three pages, and the end.
  assert.equal(reads.length, 4);
});

test("a place in the middle of a page is found in what was read", async () => {
  const { append, readAll, reads } = openSliceLog();
  const stored = await append(idIn(0), 10);
  await readAll(0, 0);
  const before = reads.length;
  const { found } = await readAll(0, stored[3]!.position);
  assert.deepEqual(names(found), versionsOf(idIn(0), 5, 10));
  assert.equal(reads.length, before);
});

test("a slice that is behind catches up, and then reads with the others", async () => {
  const { log, append, readAll, reads } = openSliceLog();
  const [ahead, behind] = [idIn(0), idIn(1)];
  const start = 0;
  await append(behind, 1500);
  await append(ahead, 1500);
  const [{ position }] = (await append(ahead)) as [StoreEvent<any>];
  // The log is opened where the first one stands.
  const first = await readAll(0, position);
  const second = await readAll(1, start);
  assert.equal(second.found.length, 1500);
  await append(behind);
  await append(ahead);
  log.expectMore();
  const before = reads.length;
  assert.deepEqual(names((await readAll(1, second.from)).found), [
    `${behind}:1501`,
  ]);
  assert.deepEqual(names((await readAll(0, first.from)).found), [
    `${ahead}:1502`,
  ]);
  assert.equal(reads.length - before, 2);
});

test("a slice that is ahead gets nothing that it has had", async () => {
  const { append, readAll, reads, log } = openSliceLog();
  const [slow, ahead] = [idIn(0), idIn(1)];
  const [first] = (await append(slow)) as [StoreEvent<any>];
  await append(ahead, 5000);
  const [last] = (await append(ahead)) as [StoreEvent<any>];
  await log.read(0, first.position);
  const { found, from } = await readAll(1, last.position);
  assert.deepEqual(found, []);
  await append(ahead);
  log.expectMore();
  assert.deepEqual(names((await readAll(1, from)).found), [`${ahead}:5002`]);
  assert.ok(reads.length < 20, String(reads.length));
});

test("who joins at the end misses nothing that comes while both look", async () => {
  // Between the look at the common end and that behind the slice's place.
  for (const at of [1, 2, 3, 4, 5, 6]) {
    let count = 0;
    let isArmed = false;
    const { append, readAll, log } = openSliceLog(
      (read) => async (position) => {
        if (isArmed && ++count === at) await append(mine);
        const page = await read(position);
        if (isArmed && count === at) await append(mine);
        return page;
      },
    );
    const [other, mine] = [idIn(0), idIn(1)];
    await append(other, 3);
    await append(mine);
    const [early] = await log.read(0, 0);
    assert.ok(early);
    await readAll(0, early.position);
    // A place that the common reading does not know of: behind its end.
    const [newer] = (await append(mine)) as [StoreEvent<any>];
    isArmed = true;
    const { found, from } = await readAll(1, newer.position);
    log.expectMore();
    const later = await readAll(1, from);
    const all = names([...found, ...later.found]);
    const versions = count >= at ? 4 : 2;
    assert.deepEqual(all, versionsOf(mine, 3, versions), `at read ${at}`);
  }
});

test("who joins at the end gets nothing that it has had, of a read that was on its way", async () => {
  let held: Promise<void> | undefined;
  const { append, readAll, log, clock } = openSliceLog(
    (read) => async (position) => {
      const page = await read(position);
      const waiting = held;
      held = undefined;
      await waiting;
      return page;
    },
  );
  const [other, mine] = [idIn(0), idIn(1)];
  await append(other, 4100);
  const { from } = await readAll(0, 0);
  log.expectMore();
  const gate = Promise.withResolvers<void>();
  held = gate.promise;
  // It was sent before the event, and is answered after it.
  const reading = log.read(0, from);
  await clock.settle();
  const [last] = (await append(mine)) as [StoreEvent<any>];
  const joining = readAll(1, last.position);
  await clock.settle();
  gate.resolve();
  await reading;
  const joined = await joining;
  log.expectMore();
  const later = await readAll(1, joined.from);
  assert.deepEqual(names([...joined.found, ...later.found]), []);
});

test("a page that comes when all have left is nobody's", async () => {
  let held: Promise<void> | undefined;
  const { append, readAll, log, clock } = openSliceLog(
    (read) => async (position) => {
      const page = await read(position);
      const waiting = held;
      held = undefined;
      await waiting;
      return page;
    },
  );
  const [other, mine] = [idIn(0), idIn(1)];
  await append(mine, 3);
  const [last] = (await append(mine)) as [StoreEvent<any>];
  const gate = Promise.withResolvers<void>();
  held = gate.promise;
  const reading = log.read(0, 0);
  await clock.settle();
  log.leave(0);
  // Another one begins elsewhere, and has had what is on its way.
  const joining = readAll(1, last.position);
  await clock.settle();
  gate.resolve();
  const { found, from } = await joining;
  assert.deepEqual(names(found), []);
  await append(mine);
  await append(other);
  log.expectMore();
  assert.deepEqual(names((await readAll(1, from)).found), [`${mine}:5`]);
  assert.deepEqual(names(await reading), []);
});

test("a slice that takes nothing holds up the others only for a moment", async () => {
  const { log, append, readAll, clock } = openSliceLog();
  const [stuck, fast] = [idIn(0), idIn(1)];
  await append(stuck, 12_000);
  await append(fast, 5);
  await log.read(0, 0);
  const reading = readAll(1, 0);
  let isDone = false;
  reading.then(() => isDone = true);
  await clock.settle();
  assert.equal(isDone, false);
  await clock.advance(250);
  await clock.advance(250);
  assert.deepEqual(names((await reading).found), versionsOf(fast, 1, 5));
  // It reads for itself from then on, and has all of it.
  const { found } = await readAll(0, 0);
  assert.deepEqual(names(found), versionsOf(stuck, 1, 12_000));
});

test("events of one position are never parted", async () => {
  const position = (index: number) => index < 2 ? 1 : index < 150 ? 2 : 3;
  const events: StoreEvent<any>[] = Array.from({ length: 160 }, (_, index) => ({
    ...{ stream: "a", aggregateId: idIn(0), version: index + 1 },
    ...{ position: position(index), timestamp: new Date(0), event: {} },
  }));
  const { log } = openSliceLog(() => (from) =>
    Promise.resolve(events.filter((event) => event.position > from))
  );
  const first = await log.read(0, 0);
  assert.equal(first.length, 150);
  const second = await log.read(0, first.at(-1)!.position);
  assert.equal(second.length, 10);
  // A place between two events, at the first of which the others are met.
  const between = await log.read(0, 0.5);
  assert.deepEqual(between.map(({ version }) => version), [1, 2]);
  log.leave(0);
  // The common reading begins behind the second; a slice behind meets it.
  await log.read(1, 1);
  const met = await log.read(0, 0);
  assert.equal(met.length, 150);
  assert.equal((await log.read(0, 2)).length, 10);
});

test("what fails to be read is thrown to all who wait for it, and read again", async () => {
  let fails = true;
  const { log, append } = openSliceLog((read) => (position) =>
    fails ? Promise.reject(new Error("down")) : read(position)
  );
  await append(idIn(0));
  await append(idIn(1));
  const both = await Promise.allSettled([log.read(0, 0), log.read(1, 0)]);
  assert.deepEqual(both.map(({ status }) => status), ["rejected", "rejected"]);
  fails = false;
  assert.equal((await log.read(0, 0)).length, 1);
  assert.equal((await log.read(1, 0)).length, 1);
});

test("an event that is appended while the end is read is not overlooked", async () => {
  let during: (() => Promise<unknown>) | undefined;
  const { log, append, readAll } = openSliceLog((read) => async (position) => {
    const page = await read(position);
    // It was not there when the page was read, and is told of before it comes.
    const work = during;
    during = undefined;
    await work?.();
    return page;
  });
  await append(idIn(0));
  const { from } = await readAll(0, 0);
  log.expectMore();
  during = async () => {
    await append(idIn(0));
    log.expectMore();
  };
  assert.deepEqual(names((await readAll(0, from)).found), [`${idIn(0)}:2`]);
});
