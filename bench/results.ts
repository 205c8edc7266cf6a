import { createMeasures, type Size } from "./measures.ts";
import { interleave, ratioOf, type Spread, spreadOf } from "./rounds.ts";
import type { Contender } from "./contender.ts";
import type { Suite } from "./suite.ts";

/** What one contender reached in one measure. */
export type Result = {
  suite: string;
  measure: string;
  contender: string;
  /** Milliseconds an operation took. */
  time: Spread;
  /** How much faster than the reference; 0 where that cannot do it. */
  ratio: Spread;
  /** What the project has set itself, where it is about this contender. */
  goal?: number;
  rounds: number;
};

/** What a run is asked for. */
export type Run = {
  size: Size;
  rounds: number;
  /** Only measures whose name it matches. */
  measures?: RegExp;
  only?: string[];
  say(line: string): void;
};

/** Where the reference cannot do it. JSON has no number for that. */
const NO_RATIO: Spread = { median: 0, low: 0, high: 0 };

/** How many events are followed to their handler. */
const LATENCIES = 100;

/** Runs all measures of a suite. */
export async function measureSuite(suite: Suite, run: Run): Promise<Result[]> {
  run.say(`\n${suite.name}`);
  const contenders = await suite.open(run.only);
  const results: Result[] = [];
  try {
    for (const measure of createMeasures(run.size)) {
      const able = contenders.filter((one) => measure.isFor(one));
      for (const one of contenders) await measure.prepare?.(one);
      if (run.measures && !run.measures.test(measure.name)) continue;
      run.say(`  ${measure.name}`);
      const work = new Map(
        able.map((
          one,
        ) => [one.name, (round: number) => measure.run(one, round)]),
      );
      const series = await interleave(work, run.rounds);
      const isCompared = able[0] === contenders[0];
      for (const one of series) {
        const result: Result = {
          suite: suite.name,
          measure: measure.name,
          contender: one.name,
          time: spreadOf(one.rounds),
          ratio: isCompared ? ratioOf(one, series[0]!) : NO_RATIO,
          rounds: one.rounds.length,
          ...(isCompared && measure.goal && one.name === "evtstore"
            ? { goal: measure.goal }
            : {}),
        };
        results.push(result);
        run.say(`    ${lineOf(result)}`);
      }
    }
    results.push(...await measureLatencies(suite, contenders, run));
  } finally {
    for (const one of contenders) await one.close();
  }
  return results;
}

async function measureLatencies(
  suite: Suite,
  contenders: Contender[],
  run: Run,
): Promise<Result[]> {
  const measure = "from an append's answer to its handler, same process";
  if (run.measures && !run.measures.test(measure)) return [];
  const results: Result[] = [];
  for (const one of contenders) {
    const latencies = await one.latencies?.(LATENCIES);
    if (!latencies) continue;
    const time = spreadOf(latencies);
    run.say(
      `  ${measure}\n    ${one.name.padEnd(14)} ${time.median.toFixed(2)} ms (${
        time.low.toFixed(2)
      }–${time.high.toFixed(2)})`,
    );
    results.push({
      suite: suite.name,
      measure,
      contender: one.name,
      time,
      ratio: NO_RATIO,
      rounds: latencies.length,
    });
  }
  return results;
}

function lineOf({ contender, time, ratio, goal }: Result): string {
  const reached = goal === undefined
    ? ""
    : ratio.median >= goal
    ? `  goal ${goal}: reached`
    : `  goal ${goal}: NOT REACHED`;
  return `${contender.padEnd(14)} ${time.median.toFixed(3).padStart(9)} ms  ${
    ratio.median.toFixed(2).padStart(6)
  } (${ratio.low.toFixed(2)}–${ratio.high.toFixed(2)})${reached}`;
}
