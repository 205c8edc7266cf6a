import { StoreError } from "../../core/errors.ts";

/**
 * Refuses a name that could not be looked up as it is. Other than at an append,
 * an old and longer one is welcome.
 *
 * @throws {StoreError} `INVALID_INPUT`, naming the argument.
 */
export function checkText(
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
