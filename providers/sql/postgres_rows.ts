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
 * @param row Its numbers, content and metadata; the names, unless they are given.
 * @throws {StoreError} `STORE_FAILED`, naming the position, if it holds none.
 */
export function toStoreEvent<E extends Event>(
  row: PostgresRow,
  stream: string = row[5],
  aggregateId: string = row[6],
): StoreEvent<E> {
  const position = toPosition(row[0]);
  let column = "event";
  try {
    const stored: StoreEvent<E> = {
      stream,
      position,
      version: Number(row[1]),
      timestamp: new Date(Number(row[2])),
      event: JSON.parse(row[3]),
      aggregateId,
    };
    column = "metadata";
    if (row[4] !== null) stored.metadata = JSON.parse(row[4]);
    return stored;
  } catch (cause) {
    throw new StoreError(
      "STORE_FAILED",
      `Cannot read the event at position ${position}: its column "${column}" is not JSON text; repair the row`,
      { stream, aggregateId, cause },
    );
  }
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
