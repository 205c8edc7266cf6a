import { DuplicateCommandError, VersionError } from "../../core/errors.ts";
import type { Event, StoreEvent } from "../../core/event.ts";
import type { EventPage } from "../../core/provider.ts";
import { MAX_STREAMS, type SqliteStatements } from "./sqlite.ts";
import { type SqliteEventRow, toStoreEvent } from "./sqlite_rows.ts";
import {
  after,
  type Answer,
  inTurn,
  type SqliteSession,
} from "./sqlite_session.ts";

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
export function appendEvents(
  session: SqliteSession,
  statements: SqliteStatements,
  { stream, aggregateId, version, events, commandId }: Append<EncodedEvent>,
): Answer<number[]> {
  const insert = () =>
    inTurn(events, ({ timestamp, event, metadata }, index) =>
      after(
        session.get<{ position: number }>(
          statements.insertEvent,
          stream,
          aggregateId,
          version + index,
          timestamp,
          event,
          metadata,
          // The first event stands for the command.
          index === 0 ? commandId ?? null : null,
        ),
        (row) => row!.position,
      ));
  const compare = () =>
    after(
      readVersion(session, statements, stream, aggregateId),
      (actualVersion) => {
        const expectedVersion = version - 1;
        if (actualVersion === expectedVersion) return insert();
        throw VersionError.of({
          stream,
          aggregateId,
          expectedVersion,
          actualVersion,
        });
      },
    );
  if (commandId === undefined) return compare();
  // A repeated command is told so, though its version is outdated as well.
  return after(
    findCommand(session, statements, stream, aggregateId, commandId),
    (found) => {
      if (found === undefined) return compare();
      throw new DuplicateCommandError({ stream, aggregateId, commandId });
    },
  );
}

/** The version of an aggregate, 0 if it has no events. */
export function readVersion(
  session: SqliteSession,
  statements: SqliteStatements,
  stream: string,
  aggregateId: string,
): Answer<number> {
  return after(
    session.get<{ version: number }>(
      statements.selectVersion,
      stream,
      aggregateId,
    ),
    (row) => row?.version ?? 0,
  );
}

/** The version of the first event of a command. */
export function findCommand(
  session: SqliteSession,
  statements: SqliteStatements,
  stream: string,
  aggregateId: string,
  commandId: string,
): Answer<number | undefined> {
  return after(
    session.get<{ version: number }>(
      statements.selectCommand,
      stream,
      aggregateId,
      commandId,
    ),
    (row) => row?.version,
  );
}

/** The position of the newest event, or 0. */
export function readHead(
  session: SqliteSession,
  statements: SqliteStatements,
): Answer<number> {
  return after(
    session.get<{ position: number }>(statements.selectHead),
    (row) => row!.position,
  );
}

/** The events of the streams after a position, at most `limit` unless negative. */
export function readPage<E extends Event>(
  session: SqliteSession,
  statements: SqliteStatements,
  streams: string[],
  position: number,
  limit: number,
): Answer<EventPage<E>> {
  // The head is read first and nothing beyond it after: other processes append
  // between these statements, and none may be jumped over.
  return after(readHead(session, statements), (head) => {
    const parts = head > position ? split(streams) : [];
    const found = inTurn(parts, (some) =>
      session.lists<SqliteEventRow>(
        statements.selectEventsFrom(some.length),
        ...some.flatMap((stream) => [stream, position, head]),
        limit,
      ));
    return after(found, (all) => {
      const rows = all.flat();
      if (parts.length > 1) {
        rows.sort(([left], [right]) => left - right);
        if (limit >= 0) rows.splice(limit);
      }
      const page: EventPage<E> = rows.map((row) => toStoreEvent<E>(row));
      const isAll = limit < 0 || page.length < limit;
      if (isAll) page.scannedTo = Math.max(head, position);
      return page;
    });
  });
}

/** As many streams in each part as a statement can have. */
function split(streams: string[]): string[][] {
  const parts: string[][] = [];
  for (let start = 0; start < streams.length; start += MAX_STREAMS) {
    parts.push(streams.slice(start, start + MAX_STREAMS));
  }
  return parts;
}

/** The events of one aggregate after a position, at most `limit` unless negative. */
export function readAggregate<E extends Event>(
  session: SqliteSession,
  statements: SqliteStatements,
  stream: string,
  aggregateId: string,
  position: number,
  limit: number,
): Answer<StoreEvent<E>[]> {
  const aggregate = [stream, aggregateId];
  const rows = position === 0
    ? session.lists<SqliteEventRow>(
      statements.selectEventsFor,
      ...aggregate,
      limit,
    )
    : session.lists<SqliteEventRow>(
      statements.selectEventsForAfter,
      position,
      ...aggregate,
      ...aggregate,
      position,
      limit,
    );
  return after(
    rows,
    (found) => found.map((row) => toStoreEvent<E>(row, stream, aggregateId)),
  );
}

/** The newest event of the streams, or of one aggregate in them. */
export function readLast<E extends Event>(
  session: SqliteSession,
  statements: SqliteStatements,
  streams: string[],
  aggregateId: string | undefined,
): Answer<StoreEvent<E> | undefined> {
  const rows = inTurn(
    streams,
    (stream) =>
      aggregateId === undefined
        ? session.lists<SqliteEventRow>(statements.selectLastEvent, stream)
        : session.lists<SqliteEventRow>(
          statements.selectLastEventFor,
          stream,
          aggregateId,
        ),
  );
  return after(rows, (found) => {
    let last: SqliteEventRow | undefined;
    for (const [row] of found) {
      if (row && (!last || row[0] > last[0])) last = row;
    }
    return last && toStoreEvent<E>(last);
  });
}
