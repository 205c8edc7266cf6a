import { type Figures, figuresOf, lagOver } from "./sharding_figures.ts";
import { simulate } from "./simulator.ts";
import type { Plan } from "./simulator_plan.ts";

/** How many parts of a run are told of. */
const PARTS = 12;

/** Simulates a plan, and says what came of it. */
export async function reportSimulation(
  plan: Plan,
  say: (line: string) => void,
): Promise<void> {
  const trace = await simulate(plan);
  const parts = Math.max(1, Math.round(plan.seconds / PARTS));
  say("from      events/s    lag: median      p99      most");
  for (const { from, handled, lag } of lagOver(trace, parts * 1000)) {
    say([
      `${from / 1000} s`.padEnd(8),
      (handled / parts).toFixed(0).padStart(10),
      ...[lag.median, lag.p99, lag.most].map((ms, index) =>
        toText(ms).padStart(index === 0 ? 15 : 10)
      ),
    ].join(""));
  }
  say("");
  const figures = figuresOf(trace);
  for (const [name, value] of toRows(figures)) {
    say(`${name.padEnd(36)}${value}`);
  }
}

/** The figures, each with its name. */
export function toRows(figures: Figures): [name: string, value: string][] {
  const { perSecond, lag, slices, takeOvers } = figures;
  return [
    ["events a second", perSecond.toFixed(0)],
    ["lag, median", toText(lag.median)],
    ["lag, p99", toText(lag.p99)],
    ["lag, most", toText(lag.most)],
    ["slices of each process at the end", slices.join(", ")],
    ...takeOvers.map(({ killed, first, most }): [string, string] => [
      `slices go on after a ${killed ? "kill" : "stop"}`,
      `${toText(first)} to ${toText(most)}`,
    ]),
    ["handled twice", String(figures.repeated)],
    ["missed", String(figures.missed)],
    ["out of order", String(figures.disordered)],
  ];
}

/** Milliseconds as one reads them. */
export function toText(ms: number): string {
  return ms < 1000 ? `${ms.toFixed(0)} ms` : `${(ms / 1000).toFixed(1)} s`;
}
