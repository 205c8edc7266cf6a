import { StoreError } from "../core/errors.ts";

/**
 * Refuses what is not the application's client, such as the address of a
 * server. The promise of a client is taken as it is.
 *
 * @param field The option that it was given as.
 * @param client What was given.
 * @param method What every such client has.
 * @param expected What it should be, in words.
 * @throws {StoreError} `INVALID_INPUT`, without the value: an address may have
 * a password in it.
 */
export function checkClient(
  field: string,
  client: unknown,
  method: string,
  expected: string,
): void {
  const given = client as { [name: string]: unknown } | null | undefined;
  if (typeof given?.[method] === "function") return;
  if (typeof given?.then === "function") return;
  const kind = given === null ? "null" : typeof given;
  throw new StoreError(
    "INVALID_INPUT",
    `Expected ${field} to be ${expected}: got ${kind}`,
    { field },
  );
}
