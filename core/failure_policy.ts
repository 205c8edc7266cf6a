import { StoreError } from "./errors.ts";

const FIRST_RETRY_MS = 100;
const LAST_RETRY_MS = 10_000;
/** With the pauses above: for 25 seconds. */
const RETRIES_BEFORE_PARKING = 8;

/** How a handler tries an event again whose callback throws. */
export type HandlerRetryOptions = {
  /**
   * How often, before `onFailure` is done. Default: 8 with `"park"`, which
   * takes 25 seconds, and 0 with `"skip"`. With `"pause"` it is tried for ever,
   * and this is refused.
   */
  times?: number;
  /** The first pause in milliseconds; each is twice the last. Default: 100. */
  minMs?: number;
  /** The longest pause in milliseconds. Default: 10,000. */
  maxMs?: number;
};

/** What the options of a handler say about failures. */
type FailureOptions = {
  onFailure?: FailurePolicy["onFailure"];
  retry?: HandlerRetryOptions;
  continueOnError?: boolean;
};

/** What a handler does about an event whose callback throws. */
export type FailurePolicy =
  & Required<HandlerRetryOptions>
  & {
    /** When it is given up; with `pause` it never is. */
    onFailure: "pause" | "park" | "skip";
  };

/** What the options say, or leave to the defaults. */
export function failurePolicyOf(options: FailureOptions): FailurePolicy {
  const {
    continueOnError,
    onFailure = continueOnError ? "skip" : "pause",
    retry = {},
  } = options;
  const { minMs = FIRST_RETRY_MS } = retry;
  const times = { pause: Infinity, park: RETRIES_BEFORE_PARKING, skip: 0 };
  return {
    onFailure,
    times: retry.times ?? times[onFailure],
    minMs,
    maxMs: retry.maxMs ?? Math.max(LAST_RETRY_MS, minMs),
  };
}

/**
 * Refuses what cannot be meant.
 *
 * @throws {StoreError} `INVALID_INPUT`, naming the option.
 */
export function checkFailurePolicy(options: FailureOptions): void {
  const { onFailure, continueOnError, retry } = options;
  const choices = ["pause", "park", "skip"];
  if (onFailure !== undefined && !choices.includes(onFailure)) {
    throw invalid(
      "onFailure",
      `Expected onFailure to be "pause", "park" or "skip": got ${onFailure}`,
    );
  }
  if (continueOnError && onFailure !== undefined && onFailure !== "skip") {
    throw invalid(
      "continueOnError",
      `Cannot combine continueOnError with onFailure: "${onFailure}": it is the older name of "skip", so leave one of them out`,
    );
  }
  const policy = failurePolicyOf(options);
  const { times, minMs, maxMs } = policy;
  if (retry?.times !== undefined && policy.onFailure === "pause") {
    throw invalid(
      "retry.times",
      'Cannot limit the retries of a handler that pauses: choose onFailure: "park" or "skip", or leave out retry.times',
    );
  }
  if (
    policy.onFailure !== "pause" && !(Number.isInteger(times) && times >= 0)
  ) {
    throw invalid(
      "retry.times",
      `Expected retry.times to be a whole number from 0: got ${times}`,
    );
  }
  if (!(minMs > 0 && minMs < Infinity)) {
    throw invalid(
      "retry.minMs",
      `Expected retry.minMs to be a number above 0: got ${minMs}`,
    );
  }
  if (!(maxMs >= minMs && maxMs < Infinity)) {
    throw invalid(
      "retry.maxMs",
      `Expected retry.maxMs to be a number from retry.minMs, ${minMs}: got ${maxMs}`,
    );
  }
}

function invalid(field: string, message: string): StoreError {
  return new StoreError("INVALID_INPUT", message, { field });
}
