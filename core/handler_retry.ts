import { EventFailure } from "./event_failure.ts";
import type { FailurePolicy } from "./failure_policy.ts";

/** What trying again needs to know. */
export type RetryContext = {
  /** How often, and with which pauses. */
  policy: FailurePolicy;
  /** Waits, or less long if the handler stops meanwhile. */
  pause(ms: number): Promise<void>;
  /** Whether to begin nothing more: the handler stops, or lost its lease. */
  enough(): boolean;
  /** Passes a failure on. */
  report(error: unknown): Promise<void>;
};

/**
 * Tries an event again until it is handled, or there are no tries left.
 *
 * @param first How it failed.
 * @param attempt Tries it once more.
 * @returns What `attempt` returned, or the last failure, of which nobody has
 * been told yet.
 * @throws {EventFailure} If there was no time for all tries.
 */
export async function tryAgain<T>(
  first: EventFailure,
  attempt: () => Promise<T>,
  { policy, pause, enough, report }: RetryContext,
): Promise<{ result: T } | { failure: EventFailure }> {
  let failure = first;
  let ms = policy.minMs;
  for (let retries = 0; retries < policy.times; retries++) {
    await report(failure);
    await pause(ms);
    if (enough()) throw failure;
    ms = Math.min(ms * 2, policy.maxMs);
    try {
      return { result: await attempt() };
    } catch (error) {
      if (!(error instanceof EventFailure)) throw error;
      failure = error;
    }
  }
  return { failure };
}
