/** What the processes of sharding.ts have in common. */
export const STREAM = "sharded";
/** The handler that is shared out. */
export const BOOKMARK = "sharded";

/** An event, by its number. */
export type Happened = { type: "Happened"; n: number };

/** Milliseconds by a clock that all processes of a machine share. */
export function now(): number {
  return performance.timeOrigin + performance.now();
}

/**
 * What a callback does: it waits for something of which the process has only
 * so many, as for a mail server by a pool of connections.
 *
 * @returns Does it, and tells how long it took from when it had one.
 */
export function waitFor(
  ms: number,
  connections: number,
): () => Promise<number> {
  let free = connections;
  const waiting: (() => void)[] = [];
  return async () => {
    if (free > 0) free--;
    else await new Promise<void>((resolve) => waiting.push(resolve));
    const start = now();
    await new Promise((resolve) => setTimeout(resolve, ms));
    const took = now() - start;
    const next = waiting.shift();
    if (next) next();
    else free++;
    return took;
  };
}
