import { StoreError } from "../../core/errors.ts";

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
