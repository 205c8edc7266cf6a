import { StoreError } from "../../core/errors.ts";
import type { Event, StoreEvent } from "../../core/event.ts";
import type { StoredRecord } from "../../core/records.ts";

/** An event as its row: the columns of an aggregate, and those of the log. */
export type SqliteEventRow = [
  position: number,
  version: number,
  /** ISO text; milliseconds in a table that evtstore 12 wrote to. */
  timestamp: string | number,
  event: string,
  metadata: string | null,
  stream?: string,
  aggregateId?: string,
];

/** The first event of a command, as its row. */
export type SqliteCommandRow = {
  stream: string;
  aggregate_id: string;
  version: number;
  command_id: string;
};

/** A record as its row. */
export type SqliteRecordRow = {
  kind: string;
  key: string;
  value: string;
  revision: number;
  due: number | null;
};

/**
 * The event that a row holds.
 *
 * @param row Its columns; the names are in it unless they are given.
 * @throws {StoreError} `STORE_FAILED`, naming the position, if it holds none.
 */
export function toStoreEvent<E extends Event>(
  row: SqliteEventRow,
  stream: string = row[5]!,
  aggregateId: string = row[6]!,
): StoreEvent<E> {
  const position = row[0];
  try {
    const stored: StoreEvent<E> = {
      stream,
      position,
      version: row[1],
      timestamp: toDate(row[2]),
      event: JSON.parse(row[3]),
      aggregateId,
    };
    if (row[4] !== null) stored.metadata = JSON.parse(row[4]);
    return stored;
  } catch (cause) {
    throw new StoreError(
      "STORE_FAILED",
      `Cannot read the event at position ${position}: it is not JSON; repair the row`,
      { stream, aggregateId, cause },
    );
  }
}

/** The record that a row holds. */
export function toRecord(row: SqliteRecordRow): StoredRecord {
  const record: StoredRecord = {
    kind: row.kind,
    key: row.key,
    value: JSON.parse(row.value),
    revision: row.revision,
  };
  if (row.due !== null) record.due = row.due;
  return record;
}

function toDate(timestamp: string | number): Date {
  // As this library writes it, which is nearly all of them.
  if (typeof timestamp !== "string" || timestamp.endsWith("Z")) {
    return new Date(timestamp);
  }
  // SQLite's own CURRENT_TIMESTAMP is UTC and does not say so.
  const isSqlite = /^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d(\.\d+)?$/.test(timestamp);
  return new Date(isSqlite ? `${timestamp.replace(" ", "T")}Z` : timestamp);
}
