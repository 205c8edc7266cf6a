/**
 * Processes that run the library's own handlers on a simulated database, whose
 * clocks, delays, failures, kills and pauses are all drawn from a seed. What
 * fails can be run again, step by step:
 *
 * deno run -A tests/simulation/replay.ts SEED
 */
import assert from "node:assert/strict";
import process from "node:process";
import { describe, it } from "node:test";
import { plants } from "./plants.ts";
import { type Outcome, simulate } from "./simulation.ts";

/** Steps of one seed before its faults cease; about as many follow. */
const STEPS = 4000;
const ALL_STEPS = process.env.EVTSTORE_LONG ? 10_000_000 : 1_000_000;

/** Where a fault that was built in has to be found: in which seeds, how long. */
const PLANT_STEPS = 2000;
const MOST_SEEDS = 150;

function describeViolation({ seed, violation, trace }: Outcome): string {
  return `seed ${seed}: ${violation}
${trace.slice(-60).join("\n")}
Every step of it: deno run -A tests/simulation/replay.ts ${seed} ${STEPS}`;
}

describe("the simulation", () => {
  it("makes the same steps for the same seed", async () => {
    for (const seed of [11, 12, 13]) {
      const first = await simulate(seed, { steps: STEPS });
      const second = await simulate(seed, { steps: STEPS });
      assert.deepEqual(second, first);
      const other = await simulate(seed + 100, { steps: STEPS });
      assert.notEqual(other.fingerprint, first.fingerprint);
    }
  });

  it(`breaks no promise in ${ALL_STEPS} steps`, async () => {
    let steps = 0;
    for (let seed = 1; steps < ALL_STEPS; seed++) {
      const outcome = await simulate(seed, { steps: STEPS });
      assert(!outcome.violation, describeViolation(outcome));
      steps += outcome.steps;
    }
  });
});

describe("the simulation finds that", () => {
  for (const [fault, { plant, found }] of Object.entries(plants)) {
    it(fault, async () => {
      const others: string[] = [];
      for (let seed = 1; seed <= MOST_SEEDS; seed++) {
        const { violation } = await simulate(seed, {
          steps: PLANT_STEPS,
          plant,
        });
        if (violation && found.test(violation)) return;
        if (violation) others.push(`seed ${seed}: ${violation}`);
      }
      assert.fail(`not in ${MOST_SEEDS} seeds, but\n${others.join("\n")}`);
    });
  }
});
