import { StoreError } from "../../core/errors.ts";
import { checkJson, checkName } from "../../core/validation.ts";

/**
 * The most characters of a name or an id: three columns of them are what an
 * index can hold.
 */
export const MAX_LENGTH = 255;

/**
 * Refuses a name that its column could not hold.
 *
 * @throws {StoreError} `INVALID_INPUT`, naming the argument.
 */
export function checkLength(field: string, value: string): void {
  // A character beyond the basic plane counts once in the database.
  const length = value.length <= MAX_LENGTH ? 0 : [...value].length;
  if (length <= MAX_LENGTH) return;
  throw new StoreError(
    "INVALID_INPUT",
    `Expected ${field} to have at most ${MAX_LENGTH} characters: it has ${length}`,
    { field },
  );
}

/**
 * Refuses a record that could not be stored and read back as it is.
 *
 * @throws {StoreError} `INVALID_INPUT`, naming the argument.
 */
export function checkRecord(
  kind: string,
  key: string,
  value: unknown,
  revision: number,
  due: number | undefined,
): void {
  checkName("kind", kind);
  checkName("key", key);
  checkJson("value", value);
  if (value === undefined) {
    throw invalid("value", "to be a value that JSON can hold", value);
  }
  if (!Number.isSafeInteger(revision) || revision < 0) {
    throw invalid("revision", "to be a whole number from 0", revision);
  }
  if (due !== undefined && !Number.isFinite(due)) {
    throw invalid("due", "to be milliseconds since 1970", due);
  }
}

function invalid(field: string, wish: string, found: unknown): StoreError {
  return new StoreError(
    "INVALID_INPUT",
    `Expected ${field} ${wish}: got ${String(found)}`,
    { field },
  );
}
