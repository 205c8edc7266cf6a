import { createGate } from "./time.ts";

/** How an attempt ended, as a value, so that winners can be counted. */
export type Outcome<T> =
  | { won: true; value: T }
  | { won: false; error: unknown };

/** Turns the end of a promise into a value. */
export async function settle<T>(attempt: Promise<T>): Promise<Outcome<T>> {
  try {
    return { won: true, value: await attempt };
  } catch (error) {
    return { won: false, error };
  }
}

/**
 * Lets contenders start at the same moment.
 *
 * @param count How many there are.
 * @param contend What each of them does.
 * @returns How each of them ended.
 */
export async function race<T>(
  count: number,
  contend: (contender: number) => Promise<T>,
): Promise<Outcome<T>[]> {
  const start = createGate();
  const contenders = Array.from({ length: count }, async (_, contender) => {
    await start.opened;
    return await settle(contend(contender));
  });
  start.open();
  return await Promise.all(contenders);
}

/** What the winners brought home. */
export function valuesOf<T>(outcomes: Outcome<T>[]): T[] {
  return outcomes.flatMap((outcome) => outcome.won ? [outcome.value] : []);
}

/** What the losers were told. */
export function errorsOf(outcomes: Outcome<unknown>[]): unknown[] {
  return outcomes.flatMap((outcome) => outcome.won ? [] : [outcome.error]);
}
