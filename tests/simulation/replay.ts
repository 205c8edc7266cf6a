/**
 * Runs one seed of the simulation again and prints every step of it:
 *
 * deno run -A tests/simulation/replay.ts SEED [STEPS]
 */
import process from "node:process";
import { simulate } from "./simulation.ts";

const [seed, steps = "4000"] = process.argv.slice(2);
const outcome = await simulate(Number(seed), {
  steps: Number(steps),
  print: (line) => console.log(line),
});
const { violation, time, fingerprint } = outcome;
console.log(`
seed ${seed}, ${outcome.steps} steps, ${
  (time / 1000).toFixed(1)
} s of virtual time, ${fingerprint}
${violation ?? "nothing went wrong"}`);
process.exitCode = violation ? 1 : 0;
