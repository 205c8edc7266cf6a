/**
 * A version that ends at any call of its provider, on its way to the take-over,
 * at it and behind it, as a process does that is killed.
 */
import type { Provider } from "evtstore";
import assert from "node:assert/strict";
import { test } from "node:test";
import type { EventHandlerOptions } from "../../core/event_handler_options.ts";
import { watched } from "../parking/watched.ts";
import { expectOneLive } from "./expect_one_live.ts";
import { setUp, withoutTransactions } from "./set_up.ts";

type Mode = {
  name: string;
  options: Partial<EventHandlerOptions>;
  change: (provider: Provider<any>) => Provider<any>;
};

const same = (provider: Provider<any>) => provider;
const modes: Mode[] = [
  { name: "with transactions", options: {}, change: same },
  {
    name: "in transactions",
    options: { transactional: true },
    change: same,
  },
  { name: "without transactions", options: {}, change: withoutTransactions },
  {
    name: "three at once",
    options: { concurrency: 3, checkpoint: { events: 1 } },
    change: withoutTransactions,
  },
  { name: "parking", options: { onFailure: "park" }, change: same },
];

for (const mode of modes) {
  for (const applied of [false, true]) {
    for (const isLiveBetween of [false, true]) {
      const where = applied ? "after" : "before";
      const what = isLiveBetween ? "version 1 goes on" : "nobody goes on";
      test(`${mode.name}: killed ${where} any call, and then ${what}`, async () => {
        let place = 0;
        while (await runWithCrash(mode, place, applied, isLiveBetween)) place++;
        assert(place >= 40, `only ${place} places to crash at`);
      });
    }
  }
}

/** @returns Whether there were so many calls. */
async function runWithCrash(
  { options, change }: Mode,
  place: number,
  applied: boolean,
  isLiveBetween: boolean,
): Promise<boolean> {
  const world = setUp(options);
  const { append, create, within, shared } = world;
  const provider = () => change({ ...shared });
  const { dying, death } = mortal(provider(), place, applied);
  const first = create(1, { provider: provider() });
  await append("xyxxz");
  await first.runOnce();
  await append("y");
  await first.runOnce();
  const second = create(2, { provider: dying });
  const steps = async () => {
    await second.runOnce();
    await append("xw");
    await second.runOnce();
    return "lived";
  };
  const going = steps().catch((error) => {
    if (isDead()) return "dead";
    throw error;
  });
  let dead = false;
  const isDead = () => dead;
  const outcome = await within(Promise.race([
    going,
    death.then(() => {
      dead = true;
      return "dead";
    }),
  ]));
  await append("zx");
  if (isLiveBetween) {
    await within(create(1, { provider: provider() }).runOnce())
      .catch(expectRetired);
    await append("y");
  }
  const third = create(2, { provider: provider() });
  await within(third.runOnce());
  await append("xyz");
  await third.runOnce();
  expectOneLive(world, `crash ${place}`);
  const { version } = await third.status();
  assert.equal(version?.live, 2, `crash ${place}`);
  await assert.rejects(first.runOnce(), { code: "HANDLER_RETIRED" });
  return outcome === "dead";
}

/** A provider that answers nobody any more from one of its calls on. */
function mortal(
  provider: Provider<any>,
  place: number,
  applied: boolean,
): { dying: Provider<any>; death: Promise<void> } {
  let count = 0;
  let isDead = false;
  let die = () => {};
  const death = new Promise<void>((resolve) => {
    die = () => {
      isDead = true;
      resolve();
    };
  });
  const refuse = () => {
    if (isDead) throw new Error("The process has ended");
  };
  const dying = watched(provider, async (_name, call) => {
    refuse();
    const isHere = count++ === place;
    if (isHere && !applied) die();
    refuse();
    try {
      return await call();
    } finally {
      if (isHere) die();
      refuse();
    }
  });
  return { dying, death };
}

function expectRetired(error: unknown): void {
  assert.equal((error as { code?: string }).code, "HANDLER_RETIRED");
}
