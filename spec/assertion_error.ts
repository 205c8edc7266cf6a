import { differenceOf } from "./difference.ts";

/**
 * A specification that does not hold. Test runners take it for an error of
 * `node:assert`: it has the same `name`, `code`, `actual` and `expected`.
 *
 * @example
 * ```ts
 * import { AssertionError } from "evtstore/spec";
 * import assert from "node:assert/strict";
 *
 * const error = new AssertionError("Not equal", { actual: [1], expected: [2] });
 * assert.equal(error.code, "ERR_ASSERTION");
 * ```
 */
export class AssertionError extends Error {
  /** As with `node:assert`. */
  override name = "AssertionError";
  /** As with `node:assert`. */
  code: "ERR_ASSERTION" = "ERR_ASSERTION" as const;
  /** What happened. */
  actual: unknown;
  /** What was expected. */
  expected: unknown;
  /** As with `node:assert`: how the two were compared. */
  operator: "deepStrictEqual" = "deepStrictEqual" as const;
  /** As with `node:assert`: the message was written for the reader. */
  generatedMessage: false = false as const;

  /**
   * Makes an error of a specification.
   *
   * @param message What does not hold.
   * @param values What happened, and what was expected instead; the error that
   * led to this one, as `cause`.
   */
  constructor(
    message: string,
    values: { actual: unknown; expected: unknown; cause?: unknown },
  ) {
    const { actual, expected, cause } = values;
    super(message, cause === undefined ? undefined : { cause });
    this.actual = actual;
    this.expected = expected;
  }
}

/**
 * Compares two values as they are printed.
 *
 * @param message What does not hold if they differ.
 * @throws {AssertionError} With the difference, line by line.
 */
export function expectSame(
  message: string,
  actual: unknown,
  expected: unknown,
): void {
  const difference = differenceOf(actual, expected);
  if (difference === undefined) return;
  throw new AssertionError(
    `${message}\n- expected\n+ actual\n\n${difference}`,
    { actual, expected },
  );
}

/** An error in one line, with its code. */
export function describeError(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const { code } = error as { code?: unknown };
  const text = `${error.name}: ${error.message}`;
  return code === undefined ? text : `${text} (${code})`;
}
