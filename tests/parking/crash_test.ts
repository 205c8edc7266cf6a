import type { Provider } from "evtstore";
import assert from "node:assert/strict";
import { test } from "node:test";
import type { EventHandler } from "../../core/event_handler.ts";
import type { EventHandlerOptions } from "../../core/event_handler_options.ts";
import { expectInOrder, modes } from "./modes.ts";
import { setUp } from "./set_up.ts";
import { watched } from "./watched.ts";

const writes = ["setPosition", "transact", "put", "remove"];

for (const { name, options, change } of modes) {
  for (const applied of [false, true]) {
    const where = applied ? "after" : "before";
    test(`${name}: a process that ends ${where} any write loses and skips nothing`, async () => {
      let crashes = 0;
      while (await runWithCrash(options, change, crashes, applied)) crashes++;
      assert(crashes >= 8, `only ${crashes} places to crash at`);
    });
  }
}

/**
 * Parks, lets more wait, repairs and replays, in a process that ends at one of
 * its writes, and in another that goes on.
 *
 * @returns Whether there were so many writes.
 */
async function runWithCrash(
  options: Partial<EventHandlerOptions>,
  change: (provider: Provider<any>) => Provider<any>,
  place: number,
  applied: boolean,
): Promise<boolean> {
  let count = 0;
  let isDead = false;
  let die = () => {};
  const death = new Promise<"dead">((resolve) => {
    die = () => {
      isDead = true;
      resolve("dead");
    };
  });
  const first = setUp(options, change);
  // It does not hang: an open transaction of it has to be rolled back.
  const refuse = () => {
    if (isDead) throw new Error("The process has ended");
  };
  const dying = watched(first.provider, async (name, call) => {
    refuse();
    const isHere = writes.includes(name) && count++ === place;
    if (isHere && !applied) die();
    refuse();
    try {
      return await call();
    } finally {
      if (isHere) die();
      refuse();
    }
  });
  const { append, bad, seen, shared } = first;
  let handler = first.create({ provider: dying });
  const step = async (work: (handler: EventHandler) => Promise<unknown>) => {
    const going = work(handler);
    if (handler === first.handler) return void await going;
    const outcome = await Promise.race([
      going.catch((error) => {
        if (!isDead) throw error;
        return "dead";
      }),
      death,
    ]);
    if (outcome !== "dead") return;
    handler = first.handler;
    await work(handler);
  };
  bad.add("x2");
  await append("xyxyxxyz");
  await step((one) => one.runOnce());
  await append("xyx");
  await step((one) => one.runOnce());
  assert(!first.of("x").includes("x3"), "x3 went past x2");
  bad.clear();
  await step((one) => one.replay({ aggregateId: "x" }));
  await append("xy");
  await step((one) => one.runOnce());
  assert.deepEqual(await first.handler.parked(), [], `crash ${place}`);
  const expected = { x: 7, y: 5, z: 1 };
  expectInOrder(seen, expected, options.transactional ?? false);
  const last = await shared.getLastEventFor("a");
  assert.equal(await shared.getPosition("model"), last!.position);
  return isDead;
}
