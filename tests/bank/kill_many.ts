/**
 * Kills the demo many times and prints what came of it:
 *
 *     deno run -A tests/bank/kill_many.ts
 *
 * EVTSTORE_KILLS is the number of runs, 100 unless set.
 *
 * @module
 */
import process from "node:process";
import { killRuns } from "./kills.ts";

const runs = Number(process.env.EVTSTORE_KILLS ?? 100);
const { sent, killed, inTheMiddle, different } = await killRuns({
  runs,
  lines: 1000,
  log: (text) => console.log(text),
});
for (const story of different) console.error(story);
console.log(
  `${runs} runs, ${sent} signals, ${killed} killed a process, ${inTheMiddle} left the work in the middle: ${
    runs - different.length
  } ended the same, ${different.length} differed`,
);
process.exitCode = different.length > 0 || killed <= sent / 2 ? 1 : 0;
