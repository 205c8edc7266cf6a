import { StoreError } from "../../core/errors.ts";
import type { Event, StoreEvent } from "../../core/event.ts";
import type { StoredRecord } from "../../core/records.ts";

/** An event as its row. */
export type SqliteEventRow = {
  position: number;
  version: number;
  stream: string;
  aggregate_id: string;
  /** ISO text; milliseconds in a table that evtstore 12 wrote to. */
  timestamp: string | number;
  event: string;
  metadata: string | null;
};

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
 * @throws {StoreError} `STORE_FAILED`, naming the position, if it holds none.
 */
export function toStoreEvent<E extends Event>(
  row: SqliteEventRow,
): StoreEvent<E> {
  const stored: StoreEvent<E> = {
    stream: row.stream,
    position: row.position,
    version: row.version,
    timestamp: toDate(row.timestamp),
    event: parse(row, row.event),
    aggregateId: row.aggregate_id,
  };
  if (row.metadata !== null) stored.metadata = parse(row, row.metadata);
  return stored;
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
  // SQLite's own CURRENT_TIMESTAMP is UTC and does not say so.
  const text = String(timestamp);
  const isSqlite = /^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d(\.\d+)?$/.test(text);
  return new Date(isSqlite ? `${text.replace(" ", "T")}Z` : timestamp);
}

function parse(row: SqliteEventRow, text: string) {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new StoreError(
      "STORE_FAILED",
      `Cannot read the event at position ${row.position}: it is not JSON; repair the row`,
      { stream: row.stream, aggregateId: row.aggregate_id, cause },
    );
  }
}
