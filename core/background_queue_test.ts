import assert from "node:assert/strict";
import { test } from "node:test";
import { BackgroundQueue } from "./background_queue.ts";
import { FakeClock } from "./fake_clock.ts";

test("work is done one by one, the latest of each key, and no more than fits", async () => {
  const clock = new FakeClock();
  const queue = new BackgroundQueue(2, clock);
  const done: string[] = [];
  let running = 0;
  const work = (name: string) => async () => {
    assert.equal(++running, 1);
    await new Promise((resolve) => setTimeout(resolve, 1));
    running--;
    done.push(name);
  };
  assert.equal(queue.add("a", work("a1")), true);
  assert.equal(queue.add("b", work("b1")), true);
  assert.equal(queue.add("c", work("c1")), false);
  assert.equal(queue.add("a", work("a2")), true);
  assert.deepEqual(done, []);
  await clock.advance(0);
  await queue.settled();
  assert.deepEqual(done, ["a2", "b1"]);
  assert.equal(queue.add("c", work("c2")), true);
  await clock.advance(0);
  await queue.settled();
  assert.deepEqual(done, ["a2", "b1", "c2"]);
});
