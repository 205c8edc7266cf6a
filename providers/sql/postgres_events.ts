import { DuplicateCommandError, VersionError } from "../../core/errors.ts";
import type { Event, StoreEvent } from "../../core/event.ts";
import type { EventPage } from "../../core/provider.ts";
import type { PostgresStatements } from "./postgres.ts";
import type { PostgresRow, PostgresValue } from "./postgres_executor.ts";
import {
  type Position,
  toArrayText,
  toPosition,
  toStoreEvent,
} from "./postgres_rows.ts";
import type { Operation, PostgresStore } from "./postgres_store.ts";

/** What `append` was asked to store. */
export type Append = {
  stream: string;
  aggregateId: string;
  version: number;
  events: StoreEvent<any>[];
  commandId: string | undefined;
};

/**
 * Stores the events in one round trip.
 *
 * @returns Their positions.
 * @throws {DuplicateCommandError} If the command was stored before.
 * @throws {VersionError} If the aggregate is not at `version - 1`.
 */
export async function appendEvents<Tx>(
  store: PostgresStore<Tx>,
  statements: PostgresStatements,
  { stream, aggregateId, version, events, commandId }: Append,
  tx: Tx | undefined,
): Promise<Position[]> {
  const facts = { stream, aggregateId };
  const operation: Operation<Tx> = { what: "append", tx, facts };
  const expectedVersion = version - 1;
  const values: PostgresValue[] = [
    stream,
    aggregateId,
    expectedVersion,
    toArrayText(events.map((one) => new Date(one.timestamp).toISOString())),
    toArrayText(events.map((one) => JSON.stringify(one.event))),
    toArrayText(
      events.map((one) =>
        one.metadata === undefined ? null : JSON.stringify(one.metadata)
      ),
    ),
    commandId ?? null,
  ];
  const rows = await store.write(operation, statements.insertEvents, values);
  if (rows.length > 0) return positionsOf(rows);

  // The names of the indexes do not tell: with both violated the older one is
  // reported, and a dump changes which that is.
  const [[head, storedAt] = []] = await store.read(
    operation,
    statements.selectRefusal,
    [stream, aggregateId, commandId ?? null],
  );
  if (storedAt !== null && commandId !== undefined) {
    throw new DuplicateCommandError({ stream, aggregateId, commandId });
  }
  const actualVersion = Number(head);
  if (actualVersion !== expectedVersion) {
    throw VersionError.of({
      stream,
      aggregateId,
      expectedVersion,
      actualVersion,
    });
  }
  // Neither: a sequence that is behind its table, a foreign unique index. Or
  // what was in the way has been deleted by now, and this stores the events.
  return positionsOf(
    await store.write(operation, statements.insertEventsOrFail, values),
  );
}

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
    events.filter(([position]) => position !== null),
    after,
    head,
    limit,
  );
}

/** The events of one aggregate after a position, at most `limit` unless null. */
export async function readAggregate<E extends Event, Tx>(
  store: PostgresStore<Tx>,
  statements: PostgresStatements,
  stream: string,
  aggregateId: string,
  after: Position,
  limit: number | null,
  tx: Tx | undefined,
): Promise<StoreEvent<E>[]> {
  const rows = await store.read(
    { what: "getEventsFor", tx, facts: { stream, aggregateId } },
    statements.selectEventsFor,
    [stream, aggregateId, String(after), limit],
  );
  return rows.map((row) => toStoreEvent<E>(row));
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

function positionsOf(rows: PostgresRow[]): Position[] {
  return rows
    .map(([position, version]) => ({ position, version: Number(version) }))
    .sort((left, right) => left.version - right.version)
    .map(({ position }) => toPosition(position));
}
