import assert from "node:assert/strict";
import { test } from "node:test";
import { sleepUnless, systemClock } from "./clock.ts";
import { FakeClock } from "./fake_clock.ts";

/** A signal that counts who listens to it. */
function counting(controller: AbortController) {
  const { signal } = controller;
  let count = 0;
  const add = signal.addEventListener.bind(signal);
  const remove = signal.removeEventListener.bind(signal);
  signal.addEventListener = (...args: Parameters<typeof add>) => {
    assert.equal(args[0], "abort");
    count++;
    add(...args);
  };
  signal.removeEventListener = (...args: Parameters<typeof remove>) => {
    assert.equal(args[0], "abort");
    count--;
    remove(...args);
  };
  return { signal, count: () => count };
}

test("a sleep ends with its time, and leaves no listener", async () => {
  const [earlier, now] = [Date.now(), systemClock.now()];
  assert(earlier <= now && now <= Date.now());
  const { signal, count } = counting(new AbortController());
  const before = systemClock.monotonic();
  await systemClock.sleep(20, signal);
  assert(systemClock.monotonic() - before >= 19);
  assert.equal(count(), 0);
  await systemClock.sleep(1);
});

test("a sleep ends as soon as its signal aborts, also before it began", async () => {
  const controller = new AbortController();
  const { signal, count } = counting(controller);
  const before = systemClock.monotonic();
  const sleeping = systemClock.sleep(60_000, signal);
  assert.equal(count(), 1);
  controller.abort();
  await sleeping;
  await systemClock.sleep(60_000, signal);
  assert(systemClock.monotonic() - before < 10_000);
  assert.equal(count(), 0);
});

test("who stops or wakes ends it, and a stop that lives long keeps nothing", async () => {
  const clock = new FakeClock();
  const stopping = new AbortController();
  const { signal: stop, count } = counting(stopping);
  const wake = new AbortController();
  let ends = 0;
  const sleep = async (by: AbortController) => {
    await sleepUnless(clock, 1_000, stop, by);
    ends++;
  };
  const first = sleep(wake);
  await clock.settle();
  assert.equal(ends, 0);
  wake.abort();
  await first;
  const second = sleep(new AbortController());
  await clock.advance(1_000);
  await second;
  assert.equal(count(), 0);
  const third = sleep(new AbortController());
  stopping.abort();
  await third;
  await sleep(new AbortController());
  assert.equal(ends, 4);
  assert.deepEqual(clock.pauses(), []);
});
