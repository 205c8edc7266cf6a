import assert from "node:assert/strict";
import { test } from "node:test";
import {
  idIn,
  names,
  openSliceLog,
  runSliceLog,
  type TestSliceLog,
  versionsOf,
} from "../tests/shards/slice_log.ts";
import type { StoreEvent } from "./event.ts";

/** Appends to a stream that no slice is of. */
async function appendElsewhere({ shared }: TestSliceLog): Promise<void> {
  const events = shared.createEvents("b", "id", 1, [{ type: "Done" }]);
  await shared.append("b", "id", 1, events);
}

test("who has joined at the end is read for with the others from then on", async () => {
  // A provider that does not tell how far it has looked.
  const opened = openSliceLog((read) => async (position) => [
    ...await read(position),
  ]);
  const { append, readAll, reads, log } = opened;
  const [one, two] = [idIn(0), idIn(1)];
  const [last] = (await append(two)) as [StoreEvent<any>];
  await appendElsewhere(opened);
  // Nothing stands between the places of both, but who knows?
  const { from } = await readAll(0, last.position + 1);
  const joined = await readAll(1, last.position);
  assert.deepEqual(joined.found, []);
  await append(two);
  await append(one);
  log.expectMore();
  const before = reads.length;
  const found = [
    ...(await readAll(1, joined.from)).found,
    ...(await readAll(0, from)).found,
  ];
  assert.deepEqual(names(found), [`${two}:2`, `${one}:1`]);
  // The page, and the end.
  assert.equal(reads.length - before, 2);
});

test("who is at the end does not wait for others far behind", async () => {
  const { append, reads, log } = openSliceLog();
  const [behind, ahead] = [idIn(0), idIn(1)];
  const [first] = (await append(behind)) as [StoreEvent<any>];
  await append(behind, 20_000);
  const [last] = (await append(ahead)) as [StoreEvent<any>];
  await log.read(0, first.position);
  assert.equal((await log.read(1, last.position)).length, 0);
  // Four pages to meet it, its own, and three to meet at the end.
  assert.equal(reads.length, 8);
});

test("who is a few pages ahead is reached, and reads nothing alone", async () => {
  const { append, readAll, reads, log } = openSliceLog();
  const [behind, ahead] = [idIn(0), idIn(1)];
  await append(behind, 1000);
  const stored = await append(ahead, 1500);
  await log.read(0, 0);
  const { found } = await readAll(1, stored[499]!.position);
  assert.deepEqual(names(found), versionsOf(ahead, 501, 1500));
  assert.equal((await readAll(0, 0)).found.length, 1000);
  // Three pages and the end, and one to see what stands behind it.
  assert.ok(reads.length <= 5, String(reads.length));
});

test("the last event of a page can be where one meets the others", async () => {
  const { append, readAll, log } = openSliceLog();
  const [behind, ahead] = [idIn(0), idIn(1)];
  await append(behind, 999);
  const [place] = (await append(behind)) as [StoreEvent<any>];
  await append(ahead, 5);
  await log.read(1, place.position - 1);
  assert.equal((await readAll(0, 0)).found.length, 1000);
  assert.equal((await readAll(1, place.position)).found.length, 5);
});

test("who begins when all have left begins where it stands", async () => {
  const { append, readAll, reads, log } = openSliceLog();
  const [one, two] = [idIn(0), idIn(1)];
  await append(one, 10);
  await readAll(0, 0);
  log.leave(0);
  // Another process handles these.
  await append(one, 20_000);
  const [last] = (await append(two)) as [StoreEvent<any>];
  const before = reads.length;
  assert.deepEqual((await readAll(1, last.position)).found, []);
  assert.equal(reads.length - before, 1);
});

test("a slice gets as many at once as it asks for, and a hundred at most", async () => {
  const { append, log } = openSliceLog();
  await append(idIn(0), 500);
  assert.equal((await log.read(0, 0)).length, 100);
  assert.equal((await log.read(0, 0, 7)).length, 7);
  assert.equal((await log.read(0, 0, 1000)).length, 100);
});

test("a slice is woken by what comes for it, and no more when it has ended that", async () => {
  const opened = openSliceLog();
  const { append, readAll, log, clock } = opened;
  const woken: number[] = [];
  const ends = [0, 1].map((slice) =>
    log.watch(slice, () => void woken.push(slice))
  );
  for (const slice of [0, 1]) await readAll(slice, 0);
  const running = runSliceLog(opened);
  await clock.settle();
  await append(idIn(0));
  await clock.settle();
  assert.deepEqual(woken, [0]);
  ends[0]!();
  await append(idIn(0));
  await clock.settle();
  assert.deepEqual(woken, [0]);
  await running.stop();
});

test("a slice that reads for itself is woken as often as one looks", async () => {
  const opened = openSliceLog();
  const { append, readAll, log, clock } = opened;
  await readAll(0, 0);
  let wakes = 0;
  log.watch(1, () => wakes++);
  const running = runSliceLog(opened);
  await clock.advance(500);
  await append(idIn(0));
  await clock.settle();
  await clock.advance(500);
  assert.equal(wakes, 0);
  // It has looked half a second ago, for the event.
  await clock.advance(500);
  assert.equal(wakes, 1);
  await clock.advance(1000);
  assert.equal(wakes, 2);
  await append(idIn(0));
  await clock.settle();
  assert.equal(wakes, 2);
  await running.stop();
});

test("the place of a quiet slice is stored after a thousand events of others", async () => {
  const opened = openSliceLog();
  const { append, log, clock } = opened;
  const places = [0, 0];
  const readOn = async (slice: number) => {
    while (true) {
      const page = await log.read(slice, places[slice]);
      places[slice] = page.scannedTo ?? page.at(-1)?.position;
      if (page.length === 0) return;
    }
  };
  for (const slice of [0, 1]) {
    await readOn(slice);
    log.watch(slice, () => void readOn(slice));
  }
  const running = runSliceLog(opened);
  await clock.settle();
  const counts: number[] = [];
  const stored = new Set<number>();
  for (let round = 1; round <= 24; round++) {
    await append(idIn(0), 100);
    await clock.advance(1000);
    running.stored.forEach((slice) => stored.add(slice));
    if (running.stored.splice(0).includes(1)) counts.push(round * 100);
  }
  // It is seen to have passed them one look later.
  assert.deepEqual(counts, [1100, 2100]);
  // Those of others are not touched.
  assert.deepEqual([...stored].sort(), [0, 1]);

  // Who begins here is stored a thousand later, not at once.
  log.leave(1);
  await readOn(1);
  for (let round = 1; round <= 12; round++) {
    await append(idIn(0), 100);
    await clock.advance(1000);
    if (running.stored.splice(0).includes(1)) counts.push(round * 100);
  }
  assert.deepEqual(counts.slice(2), [1100]);
  await running.stop();
});

test("what fails to be read when all have left is nobody's failure", async () => {
  let held: Promise<void> | undefined;
  const opened = openSliceLog((read) => async (position) => {
    const waiting = held;
    held = undefined;
    await waiting;
    return await read(position);
  });
  const { append, readAll, log, clock } = opened;
  const { from } = await readAll(0, 0);
  const running = runSliceLog(opened);
  await clock.settle();
  const gate = Promise.withResolvers<void>();
  held = gate.promise;
  log.expectMore();
  await clock.settle();
  log.leave(0);
  gate.reject(new Error("down"));
  await clock.settle();
  await append(idIn(0));
  assert.equal((await log.read(0, from)).length, 1);
  await running.stop();
});

test("who joins at the end is not given a gap, however long its look took", async () => {
  const gate = Promise.withResolvers<void>();
  let looks = 0;
  const opened = openSliceLog(
    (read) => async (position) => {
      const page = await read(position);
      // The first is for itself, the second to see that it is still at the end.
      if (position === 1 && ++looks === 2) await gate.promise;
      return page;
    },
  );
  const { append, readAll, log, clock } = opened;
  const [other, mine] = [idIn(0), idIn(1)];
  await append(mine);
  await appendElsewhere(opened);
  const { from } = await readAll(0, 2);
  const joining = log.read(1, 1);
  await clock.settle();
  await append(mine);
  await append(other, 9000);
  log.expectMore();
  await readAll(0, from);
  gate.resolve();
  const page = await joining;
  assert.deepEqual([names(page), page.scannedTo], [[], 2]);
  assert.equal(looks, 2);
  assert.deepEqual(names((await readAll(1, 1)).found), [`${mine}:2`]);
});
