import assert from "node:assert/strict";
import { test } from "node:test";
import type { StoreEvent } from "./event.ts";
import { FakeClock } from "./fake_clock.ts";
import { RebuildProgress } from "./rebuild_progress.ts";

/** Events that were stored at these times. */
function storedAt(...times: number[]): StoreEvent<any>[] {
  return times.map((ms, index) => ({
    ...{ stream: "a", aggregateId: "x", version: index + 1, position: index },
    timestamp: new Date(ms),
    event: { type: "Done" },
  }));
}

test("before anything was handled there is no estimate", () => {
  const progress = new RebuildProgress(new FakeClock());
  assert.equal(progress.estimate(10, 1000), undefined);
  progress.begin(storedAt(0));
  assert.equal(progress.estimate(10, 1000), undefined);
  assert.equal(progress.estimate(0, 1000), 0);
});

test("what can be counted is estimated by the events", () => {
  const clock = new FakeClock();
  clock.pass(5_000);
  const progress = new RebuildProgress(clock);
  const events = storedAt(0, 0, 0, 0);
  progress.begin(events);
  clock.pass(200);
  progress.passed(events, 4);
  assert.equal(progress.handled, 4);
  assert.equal(progress.estimate(10, 0), 500);
  // From page to page it is one rebuild; of one that is lost nothing was seen.
  progress.begin(events);
  progress.passed(events, 0);
  clock.pass(200);
  progress.passed(events, 4);
  assert.equal(progress.handled, 8);
  assert.equal(progress.estimate(10, 0), 500);
});

test("what cannot is estimated by the times of the events", () => {
  const clock = new FakeClock();
  const progress = new RebuildProgress(clock);
  const events = storedAt(1000, 2000, 3000);
  progress.begin(events);
  clock.pass(100);
  progress.passed(events, 2); // a second of the log in 100 ms
  assert.equal(progress.estimate(undefined, 7000), 500);
});

test("times that stand still tell nothing", () => {
  const clock = new FakeClock();
  const progress = new RebuildProgress(clock);
  const events = storedAt(1000, 1000);
  progress.begin(events);
  clock.pass(100);
  progress.passed(events, 2);
  assert.equal(progress.estimate(undefined, 1000), undefined);
});
