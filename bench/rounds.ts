/** How one contender fared in the rounds of one measure. */
export type Series = {
  /** The contender. */
  name: string;
  /** Milliseconds an operation took, round by round. */
  rounds: number[];
};

/** A figure over several rounds. */
export type Spread = { median: number; low: number; high: number };

/** Median and quartiles. */
export function spreadOf(values: readonly number[]): Spread {
  const sorted = values.toSorted((left, right) => left - right);
  return {
    median: quantile(sorted, 0.5),
    low: quantile(sorted, 0.25),
    high: quantile(sorted, 0.75),
  };
}

/** How much faster than the reference, each round compared with its own. */
export function ratioOf(series: Series, reference: Series): Spread {
  return spreadOf(
    series.rounds.map((time, round) => reference.rounds[round]! / time),
  );
}

/** A round that takes longer is the only one of its contender, in milliseconds. */
const SLOW_MS = 10_000;

/**
 * Runs what each contender does in turns, every round in another order: a
 * machine that is busy for a while slows all of them down. The first round
 * warms up, and counts only for a contender that is very slow.
 *
 * @param work By contender; it does one round and says what an operation took.
 */
export async function interleave(
  work: ReadonlyMap<string, (round: number) => Promise<number>>,
  rounds: number,
): Promise<Series[]> {
  const series = [...work.keys()].map((name): Series => ({ name, rounds: [] }));
  const slow = new Set<Series>();
  for (let round = 0; round <= rounds; round++) {
    const turn = round % series.length;
    for (const one of [...series.slice(turn), ...series.slice(0, turn)]) {
      if (slow.has(one)) continue;
      const start = performance.now();
      const took = await work.get(one.name)!(round);
      if (round === 0 && performance.now() - start > SLOW_MS) slow.add(one);
      if (round > 0 || slow.has(one)) one.rounds.push(took);
    }
  }
  return series;
}

function quantile(sorted: readonly number[], part: number): number {
  const at = (sorted.length - 1) * part;
  const below = sorted[Math.floor(at)]!;
  const above = sorted[Math.ceil(at)]!;
  return below + (above - below) * (at - Math.floor(at));
}
