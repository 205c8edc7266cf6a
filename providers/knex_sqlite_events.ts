import { DuplicateCommandError, VersionError } from "../core/errors.ts";
import type { Event, StoreEvent } from "../core/event.ts";
import type { EventPage } from "../core/provider.ts";
import type { SqliteSession } from "./knex_sqlite_store.ts";
import {
  MAX_STREAMS,
  type SqliteEventRow,
  type SqliteStatements,
} from "./sql/sqlite.ts";
import { toStoreEvent } from "./sql/sqlite_rows.ts";
import type { Append, EncodedEvent } from "./sqlite_events.ts";

/**
 * Stores the events, inside a transaction that holds the write lock.
 *
 * @returns Their positions.
 * @throws {DuplicateCommandError} If the command was stored before.
 * @throws {VersionError} If the aggregate is not at `version - 1`.
 */
export async function appendEvents(
  session: SqliteSession,
  statements: SqliteStatements,
  { stream, aggregateId, version, events, commandId }: Append<EncodedEvent>,
): Promise<number[]> {
  // A repeated command is told so, though its version is outdated as well.
  if (
    commandId !== undefined &&
    await findCommand(session, statements, stream, aggregateId, commandId)
  ) {
    throw new DuplicateCommandError({ stream, aggregateId, commandId });
  }
  const actualVersion = await readVersion(
    session,
    statements,
    stream,
    aggregateId,
  );
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
    const row = await session.get<{ position: number }>(
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
export async function readVersion(
  session: SqliteSession,
  statements: SqliteStatements,
  stream: string,
  aggregateId: string,
): Promise<number> {
  const row = await session.get<{ version: number }>(
    statements.selectVersion,
    stream,
    aggregateId,
  );
  return row?.version ?? 0;
}

/** The version of the first event of a command. */
export async function findCommand(
  session: SqliteSession,
  statements: SqliteStatements,
  stream: string,
  aggregateId: string,
  commandId: string,
): Promise<number | undefined> {
  const row = await session.get<{ version: number }>(
    statements.selectCommand,
    stream,
    aggregateId,
    commandId,
  );
  return row?.version;
}

/** The position of the newest event, or 0. */
export async function readHead(
  session: SqliteSession,
  statements: SqliteStatements,
): Promise<number> {
  const row = await session.get<{ position: number }>(statements.selectHead);
  return row!.position;
}

/** The events of the streams after a position, at most `limit` unless negative. */
export async function readPage<E extends Event>(
  session: SqliteSession,
  statements: SqliteStatements,
  streams: string[],
  after: number,
  limit: number,
): Promise<EventPage<E>> {
  // The head is read first and nothing beyond it after: others append between
  // these statements, and none may be jumped over.
  const head = await readHead(session, statements);
  const rows: SqliteEventRow[] = [];
  if (head > after) {
    for (let start = 0; start < streams.length; start += MAX_STREAMS) {
      const some = streams.slice(start, start + MAX_STREAMS);
      rows.push(
        ...await session.all<SqliteEventRow>(
          statements.selectEventsFrom(some.length),
          ...some.flatMap((stream) => [stream, after, head]),
          limit,
        ),
      );
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
export async function readAggregate<E extends Event>(
  session: SqliteSession,
  statements: SqliteStatements,
  stream: string,
  aggregateId: string,
  after: number,
  limit: number,
): Promise<StoreEvent<E>[]> {
  const aggregate = [stream, aggregateId];
  const rows = after === 0
    ? await session.all<SqliteEventRow>(
      statements.selectEventsFor,
      ...aggregate,
      limit,
    )
    : await session.all<SqliteEventRow>(
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
export async function readLast<E extends Event>(
  session: SqliteSession,
  statements: SqliteStatements,
  streams: string[],
  aggregateId: string | undefined,
): Promise<StoreEvent<E> | undefined> {
  let last: SqliteEventRow | undefined;
  for (const stream of streams) {
    const row = aggregateId === undefined
      ? await session.get<SqliteEventRow>(statements.selectLastEvent, stream)
      : await session.get<SqliteEventRow>(
        statements.selectLastEventFor,
        stream,
        aggregateId,
      );
    if (row && (!last || row.position > last.position)) last = row;
  }
  return last && toStoreEvent<E>(last);
}
