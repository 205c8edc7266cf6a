import assert from "node:assert/strict";
import { test } from "node:test";
import { setImmediate } from "node:timers/promises";
import { after, inTurn } from "./sqlite_session.ts";

test("what is there is gone on with at once, what is not, later", async () => {
  assert.equal(after(1, (value) => value + 1), 2);
  const later = after(Promise.resolve(1), (value) => value + 1);
  assert.ok(later instanceof Promise);
  assert.equal(await later, 2);
  const failing = new Error("disk");
  const fail = () => {
    throw failing;
  };
  assert.throws(() => after(1, fail), failing);
  await assert.rejects(
    async () => await after(Promise.resolve(1), fail),
    failing,
  );
});

test("answers that are there are collected at once, in their order", () => {
  assert.deepEqual(
    inTurn(["a", "b"], (item, index) => `${item}${index}`),
    ["a0", "b1"],
  );
  assert.deepEqual(inTurn([], () => assert.fail("there is no item")), []);
});

test("an item waits for the answer to the one before it", async () => {
  const asked: string[] = [];
  const answers: ((value: number) => void)[] = [];
  const all = inTurn(["a", "b"], (item) => {
    asked.push(item);
    return new Promise<number>((resolve) => answers.push(resolve));
  });
  await setImmediate();
  assert.deepEqual(asked, ["a"]);
  answers[0]!(1);
  await setImmediate();
  assert.deepEqual(asked, ["a", "b"]);
  answers[1]!(2);
  assert.deepEqual(await all, [1, 2]);
});

test("behind one that failed nothing is asked", async () => {
  let asked = 0;
  const failing = new Error("disk");
  await assert.rejects(
    async () =>
      await inTurn([1, 2], () => {
        asked++;
        return Promise.reject(failing);
      }),
    failing,
  );
  assert.equal(asked, 1);
});
