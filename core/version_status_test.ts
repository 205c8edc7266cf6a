import { createProvider } from "evtstore/provider/memory";
import assert from "node:assert/strict";
import { test } from "node:test";
import type { StoreEvent } from "./event.ts";
import { FakeClock } from "./fake_clock.ts";
import type { Provider } from "./provider.ts";
import { RebuildProgress } from "./rebuild_progress.ts";
import { bookmarkOf, takeOverPlaceOf } from "./version_names.ts";
import { readVersionStatus } from "./version_status.ts";

/** Events of one aggregate that were stored at these times. */
function storedAt(...times: number[]): StoreEvent<any>[] {
  return times.map((ms, index) => ({
    ...{ stream: "a", aggregateId: "x", version: index + 1 },
    ...{ position: index + 1, timestamp: new Date(ms) },
    event: { type: "Done" },
  }));
}

/** How version 2 is doing at a position, while version 1 is behind all events. */
async function rebuildAt(
  position: number,
  times: number[],
  options: { handled?: number; limit?: number } = {},
) {
  const events = storedAt(...times);
  const memory = createProvider({ events });
  const { limit } = options;
  const provider: Provider<any> = {
    ...memory,
    ...limit !== undefined && { limit },
  };
  await provider.setPosition("model", times.length);
  const clock = new FakeClock();
  const progress = new RebuildProgress(clock);
  if (options.handled) {
    progress.begin(events);
    clock.pass(100);
    progress.passed(events, options.handled);
  }
  const { rebuild } = await readVersionStatus({
    ...{ provider, streams: ["a"], position, progress },
    handler: { name: "model", version: 2 },
    value: { live: 1, open: [] },
  });
  return rebuild;
}

test("a rebuild is as far as the times of its events say", async () => {
  assert.deepEqual(await rebuildAt(0, [1000, 2000, 5000]), {
    ...{ handled: 0, remaining: 3, more: false, ratio: 0 },
  });
  assert.deepEqual(
    await rebuildAt(1, [1000, 2000, 5000], { handled: 1 }),
    { handled: 1, remaining: 2, more: false, ratio: 0.25, estimateMs: 200 },
  );
  assert.deepEqual(await rebuildAt(3, [1000, 2000, 5000], { handled: 3 }), {
    ...{ handled: 3, remaining: 0, more: false, ratio: 1, estimateMs: 0 },
  });
});

test("where the times say nothing, it is as far as the count of its events says", async () => {
  assert.equal(
    (await rebuildAt(1, [1000, 1000, 1000, 1000], { handled: 1 }))?.ratio,
    0.25,
  );
});

test("clocks that differ take it neither before the beginning nor past the end", async () => {
  assert.equal((await rebuildAt(1, [1000, 500, 2000]))?.ratio, 0);
  assert.equal((await rebuildAt(1, [1000, 9000, 2000]))?.ratio, 1);
});

test("what remains is counted to a limit, and estimated by the times beyond it", async () => {
  const times = [1000, 2000, 3000, 4000, 9000];
  const rebuild = await rebuildAt(2, times, { limit: 3, handled: 2 });
  assert.deepEqual([rebuild?.remaining, rebuild?.more], [3, true]);
  assert.equal(rebuild?.estimateMs, 700);
  const all = await rebuildAt(3, times, { limit: 3, handled: 3 });
  assert.deepEqual([all?.remaining, all?.more], [2, false]);
});

test("with no events at all there is nothing to do", async () => {
  assert.deepEqual(await rebuildAt(0, []), {
    ...{ handled: 0, remaining: 0, more: false, ratio: 1, estimateMs: 0 },
  });
});

test("only where there is more than one version anything is said of it", async () => {
  const provider = createProvider();
  await provider.setPosition(bookmarkOf("model", 2), 7);
  await provider.setPosition(takeOverPlaceOf("model", 2), 5);
  const statusOf = (version: number, live: number, open: number[] = []) =>
    readVersionStatus({
      ...{ provider, streams: ["a"], position: 7 },
      handler: { name: "model", version },
      value: { live, open },
      progress: new RebuildProgress(new FakeClock()),
    });
  assert.deepEqual(await statusOf(1, 1), {});
  assert.deepEqual(await statusOf(1, 2), { version: { number: 1, live: 2 } });
  assert.deepEqual(await statusOf(2, 3), { version: { number: 2, live: 3 } });
  assert.deepEqual(await statusOf(2, 2, [1]), {
    version: { number: 2, live: 2 },
  });
  assert.deepEqual(await statusOf(2, 2), {
    version: { number: 2, live: 2, takenOverAt: 5 },
  });
});
