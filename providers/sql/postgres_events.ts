import type { Event, StoreEvent } from "../../core/event.ts";
import type { EventPage } from "../../core/provider.ts";
import type { PostgresStatements } from "./postgres.ts";
import type { PostgresRow } from "./postgres_executor.ts";
import {
  type Position,
  toArrayText,
  toPosition,
  toStoreEvent,
} from "./postgres_rows.ts";
import type { Operation, PostgresStore } from "./postgres_store.ts";

/**
 * A page that begins no further than this behind the end is read by a prepared
 * statement. Its one plan for all values walks the primary key, which from far
 * behind, for a stream that is rare, is the whole log for a few events.
 */
const NEAR = 1000;

/** The events up to a safe position, at most `limit` unless null. */
export async function readPage<E extends Event, Tx>(
  store: PostgresStore<Tx>,
  statements: PostgresStatements,
  streams: string[],
  after: Position,
  safe: Position,
  limit: number | null,
): Promise<EventPage<E>> {
  const isNear = Number(safe) - Number(after) <= NEAR;
  const rows = after < safe
    ? await store.read(
      readOperation(streams, !isNear),
      statements.selectEventsFrom,
      [toArrayText(streams), String(after), String(safe), limit],
    )
    : [];
  return toPage(rows, after, safe, limit);
}

/** The events up to the newest, where all writers take their turns. */
export async function readPageToHead<E extends Event, Tx>(
  store: PostgresStore<Tx>,
  statements: PostgresStatements,
  streams: string[],
  after: Position,
  limit: number | null,
): Promise<EventPage<E>> {
  const rows = await store.read(
    readOperation(streams, true),
    statements.selectEventsFromHead,
    [toArrayText(streams), String(after), limit],
  );
  const head = toPosition(rows[0]?.[0] ?? 0);
  const events = rows.map(([, ...event]) => event);
  return toPage(
    events.filter(([place]) => place !== null),
    after,
    head,
    limit,
  );
}

/** The newest event of the streams, or of one aggregate in them. */
export async function readLast<E extends Event, Tx>(
  store: PostgresStore<Tx>,
  statements: PostgresStatements,
  streams: string[],
  aggregateId: string | undefined,
  tx: Tx | undefined,
): Promise<StoreEvent<E> | undefined> {
  const [row] = await store.read(
    { what: "getLastEventFor", tx, facts: { stream: streams.join(", ") } },
    aggregateId === undefined
      ? statements.selectLastEvent
      : statements.selectLastEventFor,
    aggregateId === undefined
      ? [toArrayText(streams)]
      : [toArrayText(streams), aggregateId],
  );
  return row && toStoreEvent<E>(row);
}

function readOperation<Tx>(
  streams: string[],
  isPlannedAnew: boolean,
): Operation<Tx> {
  const facts = { stream: streams.join(", ") };
  return { what: "getEventsFrom", facts, isPlannedAnew };
}

function toPage<E extends Event>(
  rows: PostgresRow[],
  after: Position,
  end: Position,
  limit: number | null,
): EventPage<E> {
  const page: EventPage<E> = rows.map((row) => toStoreEvent<E>(row));
  if (limit === null || page.length < limit) {
    page.scannedTo = end > after ? end : after;
  }
  return page;
}
