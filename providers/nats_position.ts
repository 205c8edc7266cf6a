import { StoreError } from "../core/errors.ts";

/** How many positions a commit has, and so how many events at most. */
export const COMMIT_SIZE = 1024;

/**
 * The position of an event: its commit's place in the stream, less one for
 * each event that comes behind it. So the last one's is a multiple of
 * {@linkcode COMMIT_SIZE}, and reading on begins with the next commit.
 *
 * @param sequence Of the commit, from 1.
 * @param behind How many of the commit's events come behind it.
 */
export function toPosition(sequence: number, behind: number): number {
  return sequence * COMMIT_SIZE - behind;
}

/** The first commit that may have an event after a position. */
export function firstAfter(position: number): number {
  return Math.floor(position / COMMIT_SIZE) + 1;
}

/**
 * Refuses what is no position of this provider.
 *
 * @throws {StoreError} `INVALID_INPUT`, naming `field`.
 */
export function checkPosition(
  field: string,
  value: unknown,
): asserts value is number {
  if (Number.isSafeInteger(value) && (value as number) >= 0) return;
  throw new StoreError(
    "INVALID_INPUT",
    `Expected ${field} to be a position of this provider, a whole number: got ${
      typeof value === "object" ? "an object" : String(value)
    }`,
    { field },
  );
}
