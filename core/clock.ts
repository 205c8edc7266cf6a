/**
 * Time and chance, in one place, so that a test can replace both and needs no
 * real waiting.
 */
export type Clock = {
  /** Milliseconds that only ever grow; not a time of day. */
  monotonic(): number;
  /** Milliseconds since 1970 by the machine's clock, which can be set. */
  now(): number;
  /** A number from 0 up to, but not including, 1. */
  random(): number;
  /** Resolves after `ms` milliseconds, or as soon as `signal` aborts. */
  sleep(ms: number, signal?: AbortSignal): Promise<void>;
};

/** The real clock. */
export const systemClock: Clock = {
  monotonic: () => performance.now(),
  now: () => Date.now(),
  random: () => Math.random(),
  sleep: (ms, signal) =>
    new Promise((resolve) => {
      if (signal?.aborted) return resolve();
      const finish = () => {
        clearTimeout(timer);
        signal?.removeEventListener("abort", finish);
        resolve();
      };
      const timer = setTimeout(finish, ms);
      signal?.addEventListener("abort", finish);
    }),
};

/** Sleeps, until somebody aborts `stop` or `wake`. */
export async function sleepUnless(
  clock: Clock,
  ms: number,
  stop: AbortSignal,
  wake: AbortController,
): Promise<void> {
  // Not `AbortSignal.any`, whose signals pile up on one that lives long.
  const end = () => wake.abort();
  stop.addEventListener("abort", end);
  if (stop.aborted) end();
  await clock.sleep(ms, wake.signal);
  stop.removeEventListener("abort", end);
}
