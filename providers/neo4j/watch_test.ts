import assert from "node:assert/strict";
import { test } from "node:test";
import { setTimeout } from "node:timers/promises";
import { AppendWatcher } from "./watch.ts";

test("a reader that met a commit that is not applied yet is woken again", async (t) => {
  let polls = 0;
  const watcher = new AppendWatcher(async () => {
    polls++;
    return 7;
  }, () => {});
  let wakes = 0;
  t.after(watcher.watch(() => wakes++));
  const until = async (isSo: () => boolean) => {
    for (let tries = 0; !isSo(); tries++) {
      assert.ok(tries < 1000, "It did not come in 5 s");
      await setTimeout(5);
    }
  };
  await until(() => polls >= 3);
  assert.equal(wakes, 1);
  watcher.heldBack();
  await until(() => wakes === 2);
  const before = polls;
  await until(() => polls >= before + 2);
  assert.equal(wakes, 2);
});
