import { AssertionError } from "node:assert/strict";
import {
  DuplicateCommandError,
  StoreError,
  VersionError,
} from "../core/errors.ts";
import { isSamePosition } from "../core/position.ts";
import { type Outcome, settle } from "./outcome.ts";

/**
 * Fails with `problem` unless `condition` holds.
 *
 * @param problem What was expected, then a colon and what is.
 */
export function expect(
  condition: boolean,
  problem: string,
): asserts condition {
  if (!condition) {
    throw new AssertionError({ message: problem, stackStartFn: expect });
  }
}

/** Fails unless both are the same JSON; the order of properties is free. */
export function expectSame(
  actual: unknown,
  expected: unknown,
  what: string,
): void {
  const [actualJson, expectedJson] = [toJson(actual), toJson(expected)];
  if (actualJson === expectedJson) return;
  throw new AssertionError({
    message: `Expected ${what} to be ${shorten(expectedJson)}: it is ${
      shorten(actualJson)
    }`,
    stackStartFn: expectSame,
  });
}

/** Fails unless both are the same place in the log. */
export function expectSamePosition(
  actual: any,
  expected: any,
  what: string,
): void {
  expect(
    isSamePosition(actual, expected),
    `Expected ${what} to be ${toJson(expected)}: it is ${toJson(actual)}`,
  );
}

/** Fails unless the attempt is refused, by an error that `isRight`. */
export async function expectRefusal(
  attempt: Promise<unknown>,
  isRight: (error: unknown) => boolean,
  what: string,
): Promise<void> {
  const outcome = await settle(attempt);
  expect(!outcome.won, `Expected ${what}: it was accepted`);
  expect(
    isRight(outcome.error),
    `Expected ${what}: the error is ${describe(outcome.error)}`,
  );
}

/**
 * Fails unless what no store need hold was either accepted, or refused as
 * `INVALID_INPUT`.
 *
 * @returns Whether it was accepted.
 */
export function expectAcceptedOrInvalid(
  outcome: Outcome<unknown>,
  what: string,
): boolean {
  if (outcome.won) return true;
  expect(
    isStoreError("INVALID_INPUT")(outcome.error),
    `Expected ${what} to be accepted, or refused as StoreError INVALID_INPUT: the error is ${
      describe(outcome.error)
    }`,
  );
  return false;
}

/** Whether it is a version conflict, and reads as one. */
export function isVersionError(error: unknown): boolean {
  return error instanceof VersionError && error.code === "VERSION_CONFLICT";
}

/** Whether it says that the command was stored before. */
export function isDuplicateCommand(error: unknown): boolean {
  return error instanceof DuplicateCommandError;
}

/** Whether it is a `StoreError` with this code. */
export function isStoreError(code: string): (error: unknown) => boolean {
  return (error) => error instanceof StoreError && error.code === code;
}

/** An error in a few words. */
export function describe(error: unknown): string {
  if (!(error instanceof Error)) return shorten(String(error));
  const code = (error as { code?: unknown }).code;
  return `${error.name}${code ? ` ${code}` : ""} "${shorten(error.message)}"`;
}

/** Text that may be long, as far as a reader needs it. */
export function shorten(text: string): string {
  return text.length <= 300
    ? text
    : `${text.slice(0, 300)}… (${text.length} characters)`;
}

function toJson(value: unknown): string {
  return JSON.stringify(value, (_key, part) => {
    if (typeof part === "bigint") return `${part}n`;
    if (typeof part !== "object" || part === null || Array.isArray(part)) {
      return part;
    }
    const sorted = Object.create(null);
    // A plain assignment of `__proto__` works where there is no prototype.
    for (const key of Object.keys(part).sort()) sorted[key] = part[key];
    return sorted;
  }) ?? "undefined";
}
