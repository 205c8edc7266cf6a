import { StoreError } from "./errors.ts";
import type { DomainHandlerOpts } from "./handler_options.ts";

/**
 * Refuses options that cannot mean anything.
 *
 * @throws {StoreError} `INVALID_INPUT`, naming the option.
 */
export function checkHandlerOptions(options: DomainHandlerOpts): void {
  const { concurrency = 1, transactional } = options;
  if (!Number.isInteger(concurrency) || concurrency < 1) {
    throw invalid(
      "concurrency",
      `Expected concurrency to be a whole number above 0: got ${concurrency}`,
    );
  }
  if (transactional && concurrency > 1) {
    throw invalid(
      "concurrency",
      "Cannot handle several events at once in one transaction: leave out concurrency or transactional",
    );
  }
  checkPositive("poll", options.poll);
  checkPositive("checkpoint.events", options.checkpoint?.events);
  checkPositive("checkpoint.ms", options.checkpoint?.ms);
}

/**
 * Refuses a number that is not above 0.
 *
 * @throws {StoreError} `INVALID_INPUT`, naming the option.
 */
export function checkPositive(field: string, value: number | undefined): void {
  if (value === undefined || value > 0) return;
  throw invalid(
    field,
    `Expected ${field} to be a number above 0: got ${value}`,
  );
}

function invalid(field: string, message: string): StoreError {
  return new StoreError("INVALID_INPUT", message, { field });
}
