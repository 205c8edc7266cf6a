import assert from "node:assert/strict";
import { test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { Lanes } from "../../examples/bank/lanes.ts";

test("work with the same key runs in the order it was added", async () => {
  const lanes = new Lanes(10);
  const done: string[] = [];
  const add = (name: string, keys: string[], ms: number) =>
    lanes.add(keys, async () => {
      await sleep(ms);
      done.push(name);
    });
  await add("slow a", ["a"], 30);
  await add("a and b", ["a", "b"], 5);
  await add("b", ["b"], 0);
  await add("c", ["c"], 0);
  await lanes.idle();
  assert.deepEqual(done, ["c", "slow a", "a and b", "b"]);
});

test("work may name a key twice", async () => {
  const lanes = new Lanes(10);
  const done: number[] = [];
  for (const index of [1, 2, 3]) {
    await lanes.add(["a", "a"], async () => {
      await sleep(3 - index);
      done.push(index);
    });
  }
  await lanes.idle();
  assert.deepEqual(done, [1, 2, 3]);
});

test("no more work is taken than the limit", async () => {
  const lanes = new Lanes(3);
  let running = 0;
  let most = 0;
  for (let index = 0; index < 20; index++) {
    await lanes.add([`key ${index}`], async () => {
      most = Math.max(most, ++running);
      await sleep(1);
      running--;
    });
  }
  await lanes.idle();
  assert.equal(most, 3);
});

test("nothing begins after a failure", async () => {
  const lanes = new Lanes(10);
  let begun = 0;
  await lanes.add(["a"], () => Promise.reject(new Error("disk on fire")));
  await lanes.add(["a"], async () => {
    begun++;
  });
  await assert.rejects(() => lanes.idle(), /disk on fire/);
  await assert.rejects(
    () =>
      lanes.add(["b"], async () => {
        begun++;
      }),
    /disk on fire/,
  );
  assert.equal(begun, 0);
});
