import { StoreError } from "../core/errors.ts";
import type { MongoTimestamp, TimestampClass } from "./mongo_driver.ts";

/** Where a bookmark stands that nobody has stored, as in evtstore 12. */
export const START: bigint = 1n << 32n;

/** The positions of one second. */
const SECOND = 1n << 32n;

/** A position as a number: the next one is 1 higher. */
export function toNumber(position: MongoTimestamp): bigint {
  return (BigInt(position.getHighBitsUnsigned()) << 32n) |
    BigInt(position.getLowBitsUnsigned());
}

/** A number as a position. */
export function toTimestamp(
  Timestamp: TimestampClass,
  position: bigint,
): MongoTimestamp {
  return new Timestamp({
    t: Number(position >> 32n),
    i: Number(position & 0xffff_ffffn),
  });
}

/**
 * Refuses what is no position of this provider.
 *
 * @throws {StoreError} `INVALID_INPUT`, naming `field`.
 */
export function checkPosition(
  field: string,
  value: unknown,
): asserts value is MongoTimestamp {
  const kind = (value as { _bsontype?: unknown } | null | undefined)?._bsontype;
  if (kind === "Timestamp") return;
  throw new StoreError(
    "INVALID_INPUT",
    `Expected ${field} to be a position of this provider, a Timestamp of MongoDB: got ${
      typeof value === "object" ? "an object" : String(value)
    }`,
    { field },
  );
}

/**
 * The number that this library counts on from, after the last event of older
 * writers: in that event's second, beyond what a clock gives there.
 *
 * @param last The last event's position; undefined if there is none.
 */
export function baseAfter(last: bigint | undefined): bigint {
  if (last === undefined || last < START) return START;
  const middle = last - last % SECOND + (SECOND >> 1n);
  return last > middle ? last : middle;
}

/** The last position there is room for after a base. */
export function lastAfter(base: bigint): bigint {
  return base - base % SECOND + SECOND - 1n;
}
