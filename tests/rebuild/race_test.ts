/**
 * A process of the version before that has not heard of the take-over, held
 * between its last look and its write.
 */
import type { Provider } from "evtstore";
import assert from "node:assert/strict";
import { test } from "node:test";
import { watched } from "../parking/watched.ts";
import { expectOneLive } from "./expect_one_live.ts";
import { setUp, withoutTransactions } from "./set_up.ts";

/** Stops at the next call of a name, until it is let go. */
function gate(provider: Provider<any>): {
  provider: Provider<any>;
  holdNext(name: string): { reached: Promise<void>; letGo(): void };
} {
  const held = new Map<string, { reach(): void; go: Promise<void> }>();
  return {
    provider: watched(provider, async (name, call) => {
      const hold = held.get(name);
      if (hold) {
        held.delete(name);
        hold.reach();
        await hold.go;
      }
      return await call();
    }),
    holdNext(name) {
      let reach = () => {};
      let letGo = () => {};
      const reached = new Promise<void>((resolve) => reach = resolve);
      const go = new Promise<void>((resolve) => letGo = resolve);
      held.set(name, { reach, go });
      return { reached, letGo };
    },
  };
}

test("a transaction of version 1 that begins too late is rolled back", async () => {
  const world = setUp({ transactional: true });
  const { append, create, within, of, shared } = world;
  const gated = gate(shared);
  const first = create(1, { provider: gated.provider });
  await append("xyx");
  await first.runOnce();
  await append("y");
  const { reached, letGo } = gated.holdNext("transact");
  const late = first.runOnce();
  await reached; // it has read y2, and knows of no version 2
  const second = create(2);
  await within(second.runOnce());
  assert.deepEqual(of(2, false), ["y2"]);
  letGo();
  await assert.rejects(within(late), { code: "HANDLER_RETIRED" });
  assert.deepEqual(of(1), ["x1", "y1", "x2"]);
  expectOneLive(world);
});

for (const change of [(one: Provider<any>) => one, withoutTransactions]) {
  const kind = change === withoutTransactions ? "without" : "with";
  test(`what version 1 did until it was closed is a replay for version 2, ${kind} transactions`, async () => {
    const world = setUp();
    const { append, create, within, of, shared } = world;
    const [one, two] = [gate(change(shared)), gate(change({ ...shared }))];
    const first = create(1, { provider: one.provider });
    await append("xyx");
    await first.runOnce();
    const second = create(2, { provider: two.provider });
    await within(second.runOnce()); // it is live, and there is nothing more
    await append("yz");
    const store = one.holdNext("setPosition");
    const late = first.runOnce().catch((error) => error.code);
    await store.reached; // it has handled y2 and z1, and not stored that
    const close = two.holdNext(
      change === withoutTransactions ? "put" : "transact",
    );
    const live = second.runOnce();
    await close.reached; // it is about to put y2 and z1 out of its reach
    store.letGo();
    await within(late);
    close.letGo();
    await within(live);
    assert.deepEqual(of(1), ["x1", "y1", "x2", "y2", "z1"]);
    assert.deepEqual(of(2, false), []);
    await append("x");
    await second.runOnce();
    assert.deepEqual(of(2, false), ["x3"]);
    expectOneLive(world);
  });
}

test("version 3 takes over from a version 2 that was never live at an event", async () => {
  const world = setUp({ transactional: true });
  const { append, create, within, of, shared } = world;
  const gated = gate(shared);
  const first = create(1, { provider: gated.provider });
  await append("xy");
  await first.runOnce();
  await within(create(2).runOnce());
  await append("z");
  const { reached, letGo } = gated.holdNext("transact");
  const late = first.runOnce().catch((error) => error.code);
  await reached;
  const third = create(3);
  await within(third.runOnce());
  assert.deepEqual(of(3, false), ["z1"]);
  letGo();
  assert.equal(await within(late), "HANDLER_RETIRED");
  assert.deepEqual(of(1), ["x1", "y1"]);
  assert.deepEqual(of(2, false), []);
  await assert.rejects(create(2).runOnce(), { code: "HANDLER_RETIRED" });
});

test("a version that has come further than the live one waits for it", async () => {
  const world = setUp();
  const { append, create, within, of, shared } = world;
  const first = create(1);
  await append("xyx");
  await first.runOnce();
  const second = create(2, { poll: 100 });
  await append("z");
  // Somebody has moved the bookmark of the new one by hand, past all there is.
  const last = await shared.getLastEventFor("a");
  await shared.setPosition("model@version-2", last!.position);
  second.start();
  await within(world.clock.sleep(5_000));
  assert.equal((await second.status()).version?.live, 1);
  assert.deepEqual(of(2), []);
  await first.runOnce();
  await within(
    (async () => {
      while ((await second.status()).version?.live !== 2) {
        await world.clock.sleep(100);
      }
    })(),
  );
  await append("x");
  await within(world.clock.sleep(2_000));
  assert.deepEqual(of(2), ["x3"]);
  assert.deepEqual(of(1), ["x1", "y1", "x2", "z1"]);
  await within(second.stop());
});
