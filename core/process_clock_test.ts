import assert from "node:assert/strict";
import { test } from "node:test";
import { FakeClock } from "./fake_clock.ts";
import { clockOf, ProcessClock, withClock } from "./process_clock.ts";

test("a process's clock is the one below it, until its time is stopped", async () => {
  const inner = new FakeClock();
  const clock = new ProcessClock(inner);
  inner.pass(5);
  assert.deepEqual([clock.now(), clock.monotonic(), clock.random()], [
    5,
    5,
    0.5,
  ]);
  clock.stopAt(1_000);
  inner.pass(5);
  assert.deepEqual([clock.now(), clock.monotonic()], [1_000, 10]);
  const slept = clock.sleep(7);
  assert.deepEqual(inner.pauses(), [7]);
  await inner.advance(7);
  await slept;
});

test("it is found at what it was noted on, out of the way", () => {
  const clock = new ProcessClock(new FakeClock());
  const noted = withClock({ name: "p" }, clock);
  assert.equal(clockOf(noted), clock);
  assert.deepEqual(Object.keys(noted), ["name"]);
  assert.equal(clockOf({}), undefined);
});
