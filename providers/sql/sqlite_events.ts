import { DuplicateCommandError, VersionError } from "../../core/errors.ts";
import type { Event, StoreEvent } from "../../core/event.ts";
import type { EventPage } from "../../core/provider.ts";
import {
  MAX_STREAMS,
  type SqliteEventRow,
  type SqliteStatements,
} from "./sqlite.ts";
import { toStoreEvent } from "./sqlite_rows.ts";
import { all, get, type Steps } from "./sqlite_steps.ts";

/** What `append` was asked to store. */
export type Append<Stored> = {
  stream: string;
  aggregateId: string;
  version: number;
  events: Stored[];
  commandId: string | undefined;
};

/** The parts of an event that the database holds as text. */
export type EncodedEvent = {
  timestamp: string;
  event: string;
  metadata: string | null;
};

/** Writes events as text: what changes in them later is not stored. */
export function encodeAppend(
  append: Append<StoreEvent<any>>,
): Append<EncodedEvent> {
  const events = append.events.map(({ timestamp, event, metadata }) => ({
    timestamp: new Date(timestamp).toISOString(),
    event: JSON.stringify(event),
    metadata: metadata === undefined ? null : JSON.stringify(metadata),
  }));
  return { ...append, events };
}

/**
 * Stores the events, inside a transaction that holds the write lock.
 *
 * @returns Their positions.
 * @throws {DuplicateCommandError} If the command was stored before.
 * @throws {VersionError} If the aggregate is not at `version - 1`.
 */
export function* appendEvents(
  statements: SqliteStatements,
  { stream, aggregateId, version, events, commandId }: Append<EncodedEvent>,
): Steps<number[]> {
  // A repeated command is told so, though its version is outdated as well.
  if (
    commandId !== undefined &&
    (yield* findCommand(statements, stream, aggregateId, commandId))
  ) {
    throw new DuplicateCommandError({ stream, aggregateId, commandId });
  }
  const actualVersion = yield* readVersion(statements, stream, aggregateId);
  const expectedVersion = version - 1;
  if (actualVersion !== expectedVersion) {
    throw VersionError.of({
      stream,
      aggregateId,
      expectedVersion,
      actualVersion,
    });
  }
  const positions: number[] = [];
  for (const [index, { timestamp, event, metadata }] of events.entries()) {
    const row = yield* get<{ position: number }>(
      statements.insertEvent,
      stream,
      aggregateId,
      version + index,
      timestamp,
      event,
      metadata,
      // The first event stands for the command.
      index === 0 ? commandId ?? null : null,
    );
    positions.push(row!.position);
  }
  return positions;
}

/** The version of an aggregate, 0 if it has no events. */
export function* readVersion(
  statements: SqliteStatements,
  stream: string,
  aggregateId: string,
): Steps<number> {
  const row = yield* get<{ version: number }>(
    statements.selectVersion,
    stream,
    aggregateId,
  );
  return row?.version ?? 0;
}

/** The version of the first event of a command. */
export function* findCommand(
  statements: SqliteStatements,
  stream: string,
  aggregateId: string,
  commandId: string,
): Steps<number | undefined> {
  const row = yield* get<{ version: number }>(
    statements.selectCommand,
    stream,
    aggregateId,
    commandId,
  );
  return row?.version;
}

/** The position of the newest event, or 0. */
export function* readHead(statements: SqliteStatements): Steps<number> {
  const row = yield* get<{ position: number }>(statements.selectHead);
  return row!.position;
}

/** The events of the streams after a position, at most `limit` unless negative. */
export function* readPage<E extends Event>(
  statements: SqliteStatements,
  streams: string[],
  after: number,
  limit: number,
): Steps<EventPage<E>> {
  // The head is read first and nothing beyond it after: other processes append
  // between these statements, and none may be jumped over.
  const head = yield* readHead(statements);
  const rows: SqliteEventRow[] = [];
  if (head > after) {
    for (let start = 0; start < streams.length; start += MAX_STREAMS) {
      const some = streams.slice(start, start + MAX_STREAMS);
      const found = yield* all<SqliteEventRow>(
        statements.selectEventsFrom(some.length),
        ...some.flatMap((stream) => [stream, after, head]),
        limit,
      );
      rows.push(...found);
    }
    if (streams.length > MAX_STREAMS) {
      rows.sort((left, right) => left.position - right.position);
      if (limit >= 0) rows.splice(limit);
    }
  }
  const page: EventPage<E> = rows.map((row) => toStoreEvent<E>(row));
  if (limit < 0 || page.length < limit) page.scannedTo = Math.max(head, after);
  return page;
}

/** The events of one aggregate after a position, at most `limit` unless negative. */
export function* readAggregate<E extends Event>(
  statements: SqliteStatements,
  stream: string,
  aggregateId: string,
  after: number,
  limit: number,
): Steps<StoreEvent<E>[]> {
  const aggregate = [stream, aggregateId] as const;
  const rows = after === 0
    ? yield* all<SqliteEventRow>(
      statements.selectEventsFor,
      ...aggregate,
      limit,
    )
    : yield* all<SqliteEventRow>(
      statements.selectEventsForAfter,
      after,
      ...aggregate,
      ...aggregate,
      after,
      limit,
    );
  return rows.map((row) => toStoreEvent<E>(row));
}

/** The newest event of the streams, or of one aggregate in them. */
export function* readLast<E extends Event>(
  statements: SqliteStatements,
  streams: string[],
  aggregateId: string | undefined,
): Steps<StoreEvent<E> | undefined> {
  let last: SqliteEventRow | undefined;
  for (const stream of streams) {
    const row = aggregateId === undefined
      ? yield* get<SqliteEventRow>(statements.selectLastEvent, stream)
      : yield* get<SqliteEventRow>(
        statements.selectLastEventFor,
        stream,
        aggregateId,
      );
    if (row && (!last || row.position > last.position)) last = row;
  }
  return last && toStoreEvent<E>(last);
}
