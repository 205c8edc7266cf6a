import { VersionError } from "../core/errors.ts";
import type { Append } from "./append_input.ts";

/**
 * Holds an aggregate at a version where several write at once: takes the place
 * of its next event inside the transaction, and leaves it empty. Until the
 * transaction ends nobody else can have it, by the unique index that keeps two
 * appends apart.
 *
 * @param take Appends the event that nobody will see.
 * @param leave Removes it, in the same transaction.
 * @returns The version that the aggregate has.
 */
export async function holdVersion<T>(
  stream: string,
  aggregateId: string,
  held: number,
  take: (append: Append) => Promise<T>,
  leave: (taken: T) => Promise<unknown>,
): Promise<number> {
  const version = held + 1;
  const event = { type: "evtstore.held" };
  const marker = { stream, aggregateId, version, event, position: undefined };
  let taken: T;
  try {
    taken = await take({
      stream,
      aggregateId,
      version,
      events: [{ ...marker, timestamp: new Date() }],
      commandId: undefined,
    });
  } catch (error) {
    const actual = error instanceof VersionError && error.actualVersion;
    if (typeof actual === "number") return actual;
    throw error;
  }
  await leave(taken);
  return held;
}
