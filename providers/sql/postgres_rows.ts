import { StoreError } from "../../core/errors.ts";
import type { Event, StoreEvent } from "../../core/event.ts";
import type { StoredRecord } from "../../core/records.ts";
import type { PostgresRow } from "./postgres_executor.ts";

/** A number while that is exact, and a bigint beyond. */
export type Position = number | bigint;

/** A position as the database or a driver gives it. */
export function toPosition(value: unknown): Position {
  const position = Number(value);
  return Number.isSafeInteger(position) ? position : BigInt(String(value));
}

/**
 * A position as a caller gives it; evtstore 12 gave text.
 *
 * @throws {StoreError} `INVALID_INPUT`, naming the argument.
 */
export function checkPosition(field: string, value: unknown): Position {
  if (typeof value === "bigint" || Number.isSafeInteger(value)) {
    return value as Position;
  }
  if (typeof value === "string" && /^\d{1,19}$/.test(value)) {
    return toPosition(value);
  }
  throw new StoreError(
    "INVALID_INPUT",
    `Expected ${field} to be a position of this provider, a whole number: got ${
      String(value)
    }`,
    { field },
  );
}

/** The values as an array of PostgreSQL's. No driver is trusted with one. */
export function toArrayText(values: readonly (string | null)[]): string {
  const parts = values.map((value) =>
    value === null ? "NULL" : `"${value.replace(/["\\]/g, "\\$&")}"`
  );
  return `{${parts.join(",")}}`;
}

/**
 * The event that a row holds.
 *
 * @param row Its place, content and metadata; the names, unless they are given.
 * @throws {StoreError} `STORE_FAILED`, naming the position, if it holds none.
 */
export function toStoreEvent<E extends Event>(
  row: PostgresRow,
  stream: string = row[3],
  aggregateId: string = row[4],
): StoreEvent<E> {
  const place: string = row[0];
  const first = place.indexOf(" ");
  const second = place.indexOf(" ", first + 1);
  const position = first > 15
    ? toPosition(place.slice(0, first))
    : toNumber(place, 0, first);
  let column = "event";
  try {
    const stored: StoreEvent<E> = {
      stream,
      position,
      version: toNumber(place, first + 1, second),
      timestamp: new Date(toNumber(place, second + 1, place.length)),
      event: JSON.parse(row[1]),
      aggregateId,
    };
    column = "metadata";
    if (row[2] !== null) stored.metadata = JSON.parse(row[2]);
    return stored;
  } catch (cause) {
    throw new StoreError(
      "STORE_FAILED",
      `Cannot read the event at position ${position}: its column "${column}" is not JSON text; repair the row`,
      { stream, aggregateId, cause },
    );
  }
}

/** The whole number between two places of a text, which is not cut out for it. */
function toNumber(text: string, start: number, end: number): number {
  const isNegative = text.charCodeAt(start) === 45;
  let number = 0;
  for (let at = isNegative ? start + 1 : start; at < end; at++) {
    number = 10 * number + text.charCodeAt(at) - 48;
  }
  return isNegative ? -number : number;
}

/** The record that a row holds. */
export function toRecord(
  [kind, key, value, revision, due]: PostgresRow,
): StoredRecord {
  const record: StoredRecord = {
    kind,
    key,
    value: JSON.parse(value),
    revision: Number(revision),
  };
  if (due !== null) record.due = Number(due);
  return record;
}
