import { StoreError } from "../core/errors.ts";
import { checkJson, checkName } from "../core/validation.ts";

/**
 * Refuses a record that could not be read back as it was given, before anything
 * is written.
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
