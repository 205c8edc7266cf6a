import { StoreError } from "../../core/errors.ts";
import type { Event, StoreEvent } from "../../core/event.ts";
import type { StoredRecord } from "../../core/records.ts";
import type { MysqlValue } from "./mysql_executor.ts";

/** An event as its row. */
export type MysqlEventRow = {
  position: number | string;
  version: number;
  stream: string;
  aggregate_id: string;
  /** Milliseconds; what the client makes of it in a table of evtstore 12. */
  timestamp: number | string | Date;
  event: string;
  metadata: string | null;
};

/** A record as its row. */
export type MysqlRecordRow = {
  kind: string;
  key: string;
  value: string;
  revision: number | string;
  due: number | null;
};

/** Where the time zone of a column's times is known. */
export type MysqlTimestamps = "utc" | "client";

/** A time as the column holds it. */
export function toTimestamp(time: Date, kind: MysqlTimestamps): MysqlValue {
  const date = new Date(time);
  return kind === "client"
    ? date
    : date.toISOString().replace("T", " ").replace("Z", "");
}

/**
 * The event that a row holds.
 *
 * @throws {StoreError} `STORE_FAILED`, naming the position, if it holds none.
 */
export function toStoreEvent<E extends Event>(
  row: MysqlEventRow,
): StoreEvent<E> {
  const parse = (column: string, text: string) => {
    try {
      return JSON.parse(text);
    } catch (cause) {
      throw new StoreError(
        "STORE_FAILED",
        `Cannot read the event at position ${row.position}: its column "${column}" is not JSON text; repair the row`,
        { stream: row.stream, aggregateId: row.aggregate_id, cause },
      );
    }
  };
  const stored: StoreEvent<E> = {
    stream: row.stream,
    position: toPosition(row.position),
    version: Number(row.version),
    timestamp: toDate(row.timestamp),
    event: parse("event", row.event),
    aggregateId: row.aggregate_id,
  };
  if (row.metadata !== null) stored.metadata = parse("metadata", row.metadata);
  return stored;
}

// An application may have large numbers given to it as text.
function toDate(timestamp: number | string | Date): Date {
  const isNumber = typeof timestamp === "string" && /^-?\d+$/.test(timestamp);
  return new Date(isNumber ? Number(timestamp) : timestamp);
}

/** The record that a row holds. */
export function toRecord(row: MysqlRecordRow): StoredRecord {
  const record: StoredRecord = {
    kind: row.kind,
    key: row.key,
    value: JSON.parse(row.value),
    revision: Number(row.revision),
  };
  if (row.due !== null) record.due = Number(row.due);
  return record;
}

/** A position as the driver gives it. */
export function toPosition(value: unknown): number {
  return Number(value ?? 0);
}

/**
 * A position as a caller gives it; evtstore 12 could give text.
 *
 * @throws {StoreError} `INVALID_INPUT`, naming the argument.
 */
export function checkPosition(field: string, value: unknown): number {
  const isText = typeof value === "string" && /^\d{1,16}$/.test(value);
  const position = typeof value === "bigint" || isText ? Number(value) : value;
  if (Number.isSafeInteger(position)) return position as number;
  throw new StoreError(
    "INVALID_INPUT",
    `Expected ${field} to be a position of this provider, a whole number: got ${
      String(value)
    }`,
    { field },
  );
}
