import { createProvider } from "evtstore/provider/memory";
import assert from "node:assert/strict";
import { test } from "node:test";
import type { StoreEvent } from "./event.ts";
import type { HandlerFailure } from "./handler_status.ts";
import type { Provider } from "./provider.ts";
import { allSlices, sliceOf } from "./slices.ts";
import {
  readSlicesLag,
  readSlicesStatus,
  type SliceNow,
} from "./slices_status.ts";

/** A log in memory; an id of each slice; how often it is read. */
async function setUp(count: number, time?: number) {
  const shared = createProvider();
  const ids = allSlices.map((slice) => {
    for (let index = 0;; index++) {
      const aggregateId = `id${index}`;
      if (sliceOf({ stream: "a", aggregateId }) === slice) return aggregateId;
    }
  });
  const stored: StoreEvent<any>[] = [];
  for (let round = 0; round < count; round++) {
    for (const id of ids) {
      const version = round + 1;
      const events = shared.createEvents("a", id, version, [{ type: "Done" }]);
      stored.push(...await shared.append("a", id, version, events));
    }
  }
  let reads = 0;
  const provider: Provider<any> = {
    ...shared,
    async getEventsFrom(...args) {
      reads++;
      const page = await shared.getEventsFrom(...args);
      // A second after each other.
      return page.map((event) => ({
        ...event,
        timestamp: new Date(event.position * 1000),
      }));
    },
  };
  const now = time ?? stored.length * 1000;
  const lagAt = (places: any[]) => readSlicesLag(provider, ["a"], places, now);
  return { lagAt, stored, reads: () => reads };
}

test("slices that stand at the end are behind by nothing", async () => {
  const { lagAt, stored, reads } = await setUp(3);
  const { position } = stored.at(-1)!;
  assert.deepEqual(await lagAt(allSlices.map(() => position)), {
    position,
    lag: { events: 0, more: false, seconds: 0 },
  });
  assert.equal(reads(), 1);
});

test("each slice is behind by its own events, from its own place", async () => {
  const { lagAt, stored, reads } = await setUp(3);
  const end = stored.at(-1)!.position;
  // Slice 5 at its first event of three, 6 before its last, 7 before all.
  const first = stored[5]!.position;
  const beforeLast = stored[2 * 64 + 6 - 1]!.position;
  const places = allSlices.map(() => end);
  places[5] = first;
  places[6] = beforeLast;
  places[7] = 0;
  const { position, lag } = await lagAt(places);
  assert.equal(lag.events, 2 + 1 + 3);
  assert.equal(position, 0);
  assert.equal(lag.seconds, stored.length - 8);
  // A place is found in the page of another, if that is read first.
  assert.ok(reads() <= 4, String(reads()));
});

test("the hindmost is told also if its event seems to be of the future", async () => {
  const { lagAt, stored } = await setUp(3, -1000);
  const places = allSlices.map(() => stored.at(-1)!.position);
  places[7] = stored[7]!.position;
  assert.deepEqual(await lagAt(places), {
    position: stored[7]!.position,
    lag: { events: 2, more: false, seconds: 0 },
  });
});

test("the places of one page need one page", async () => {
  const { lagAt, stored, reads } = await setUp(3);
  const places = allSlices.map((slice) => stored[64 + slice]!.position);
  places[0] = stored[0]!.position;
  const { lag } = await lagAt(places);
  assert.equal(lag.events, 63 + 2);
  assert.equal(reads(), 1);
});

test("what is more than is counted is more", async () => {
  const { lagAt } = await setUp(20);
  const { lag } = await lagAt(allSlices.map(() => 0));
  assert.deepEqual([lag.events, lag.more], [1000, true]);
});

/** The status of a handler whose slices are as given, and idle else. */
async function statusOf(
  given: Record<number, Partial<SliceNow>>,
  own: Partial<{ provider: Provider<any>; lastError: HandlerFailure }> = {},
) {
  const { provider = createProvider(), lastError } = own;
  const slices = allSlices.map((slice): SliceNow => ({
    ...{ state: "idle", lastError: undefined, owner: undefined, position: 0 },
    ...given[slice],
  }));
  return await readSlicesStatus(provider, {
    ...{ name: "model", state: "idle", streams: ["a"], shards: 8, slices },
    ...{ parked: [], now: 0, lastError },
  });
}

const failureAt = (at: number): HandlerFailure => ({
  ...{ error: at, at: new Date(at), since: new Date(0), attempts: 1 },
});

test("the last failure is the newest of all slices, and of the whole", async () => {
  assert.equal("lastError" in await statusOf({}), false);
  const newest = failureAt(5);
  const orders = [[5, 3, 4], [3, 5, 4], [3, 4, 5]];
  for (const order of orders) {
    const failures = order.map(failureAt);
    const [one, two, three] = failures as [
      HandlerFailure,
      HandlerFailure,
      HandlerFailure,
    ];
    const { lastError } = await statusOf({
      ...{ 4: { lastError: two }, 9: { lastError: three } },
    }, { lastError: one });
    assert.deepEqual(lastError, newest);
    // Whoever changes it changes nothing.
    assert.equal(failures.includes(lastError!), false);
  }
});

test("who owns how many slices is told, and the end of the log where it is known", async () => {
  const own = { member: "m1", process: "host 1", self: true };
  const other = { member: "m2", process: "host 2", self: false };
  const { shards, horizon } = await statusOf({
    ...{ 2: { owner: own }, 3: { owner: other }, 5: { owner: own } },
  });
  assert.deepEqual(shards, {
    count: 8,
    slices: [2, 5],
    owners: [{ ...own, slices: 2 }, { ...other, slices: 1 }],
  });
  assert.deepEqual(horizon, { position: 0, blockedBy: [] });
  const { horizon: _, ...provider } = createProvider();
  assert.equal("horizon" in await statusOf({}, { provider }), false);
});
