import { StoreError } from "../core/errors.ts";

/**
 * Refuses a name that could not be stored as it is, and would find another
 * one's events. Other than at an append, an old and longer one is welcome.
 *
 * @throws {StoreError} `INVALID_INPUT`, naming the argument.
 */
export function checkText(
  field: string,
  value: unknown,
): asserts value is string {
  if (typeof value === "string" && value.isWellFormed()) return;
  throw new StoreError(
    "INVALID_INPUT",
    `Expected ${field} to be a well-formed string`,
    { field },
  );
}

/** As {@linkcode checkText}, where no text can hold NUL. */
export function checkTextWithoutNul(
  field: string,
  value: unknown,
): asserts value is string {
  if (
    typeof value === "string" && value.isWellFormed() && !value.includes("\0")
  ) return;
  throw new StoreError(
    "INVALID_INPUT",
    `Expected ${field} to be a well-formed string without NUL`,
    { field },
  );
}

/**
 * The streams that are asked for, each once.
 *
 * @param check What this database refuses.
 * @throws {StoreError} `INVALID_INPUT`, of a name that is refused.
 */
export function toStreams(
  stream: string | string[],
  check: (field: string, value: unknown) => void = checkText,
): string[] {
  const streams = Array.isArray(stream) ? [...new Set(stream)] : [stream];
  for (const one of streams) check("stream", one);
  return streams;
}
