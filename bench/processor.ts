import type { Contender } from "./contender.ts";
import { createMeasures, type Measure, type Size } from "./measures.ts";
import {
  descendantsOf,
  listenerAt,
  ownTime,
  timeOf,
} from "./processor_time.ts";
import { spreadOf } from "./rounds.ts";
import type { Suite } from "./suite.ts";

/** A suite, and its server unless the database is part of this process. */
export type ServedSuite = { suite: Suite; server?: string };

/** Milliseconds of one operation: how long it took, and who worked at it. */
type Costs = { wall: number; own: number; server: number };

/**
 * Where the time of one operation goes, for what is written by hand and for
 * this library: how long the process and the server compute. What is left is
 * waiting: for the disk, for the network, for a core. Processor time says the
 * same on a machine that is busy, nearly.
 */
export async function runProcessor(
  { suite, server }: ServedSuite,
  { size, rounds, measures, say }: {
    size: Size;
    rounds: number;
    measures?: RegExp;
    say(line: string): void;
  },
): Promise<void> {
  const listener = server ? listenerAt(portOf(server)) : undefined;
  const serverTime = () =>
    listener === undefined ? 0 : timeOf(descendantsOf(listener));
  const contenders = await suite.open(["0", "1"]);
  say(`\n### ${suite.name}\n`);
  say(`| | ${contenders.map(({ name }) => name).join(" | ")} |`);
  say(`| --- | ${contenders.map(() => "---").join(" | ")} |`);
  try {
    for (const measure of createMeasures(size)) {
      const able = contenders.filter((one) => measure.isFor(one));
      for (const one of contenders) await measure.prepare?.(one);
      if (measures && !measures.test(measure.name)) continue;
      const costs = new Map<Contender, Costs[]>();
      // The first round warms up.
      for (let round = 0; round <= rounds; round++) {
        for (const one of round % 2 ? able : able.toReversed()) {
          const cost = await costOf(measure, one, round, serverTime);
          if (round > 0) costs.set(one, [...costs.get(one) ?? [], cost]);
        }
      }
      const cells = contenders.map((one) => toCell(costs.get(one)));
      say(`| ${measure.name} | ${cells.join(" | ")} |`);
    }
  } finally {
    for (const one of contenders) await one.close();
  }
}

async function costOf(
  measure: Measure,
  contender: Contender,
  round: number,
  serverTime: () => number,
): Promise<Costs> {
  const server = serverTime();
  const own = ownTime();
  const start = performance.now();
  const wall = await measure.run(contender, round);
  const operations = (performance.now() - start) / wall;
  return {
    wall,
    own: (ownTime() - own) / operations,
    server: (serverTime() - server) / operations,
  };
}

function toCell(costs: Costs[] | undefined): string {
  if (!costs) return "–";
  const median = (of: keyof Costs) =>
    spreadOf(costs.map((one) => one[of])).median.toPrecision(2);
  return `${median("wall")} ms: process ${median("own")}, server ${
    median("server")
  }`;
}

function portOf(url: string): number {
  return Number(/:(\d+)(?:\/|$)/.exec(url)![1]);
}
