import process from "node:process";

/** Random numbers that a seed gives again. */
export type Random = {
  /** From 0 up to, and not with, 1. */
  next(): number;
  /** A whole number from `least` to `most`. */
  between(least: number, most: number): number;
};

/** The seed of this run: of the environment, or a new one. */
export function newSeed(): number {
  const given = process.env.EVTSTORE_SEED;
  return given === undefined
    ? crypto.getRandomValues(new Uint32Array(1))[0]!
    : Number(given);
}

/** Random numbers by mulberry32. */
export function createRandom(seed: number): Random {
  let state = seed >>> 0;
  const next = () => {
    state = state + 0x6D2B79F5 >>> 0;
    let mixed = Math.imul(state ^ state >>> 15, state | 1);
    mixed ^= mixed + Math.imul(mixed ^ mixed >>> 7, mixed | 61);
    return ((mixed ^ mixed >>> 14) >>> 0) / 2 ** 32;
  };
  return {
    next,
    between: (least, most) => least + Math.floor(next() * (most - least + 1)),
  };
}

/**
 * Runs `work` with a seed, which the message of its failure names.
 *
 * @throws {Error} What `work` throws, with the seed.
 */
export async function withSeed<T>(
  work: (random: Random, seed: number) => Promise<T>,
  seed: number = newSeed(),
): Promise<T> {
  try {
    return await work(createRandom(seed), seed);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new Error(`${reason}\n(EVTSTORE_SEED=${seed} draws the same again)`, {
      cause: error,
    });
  }
}
