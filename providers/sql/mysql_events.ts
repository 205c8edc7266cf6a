import {
  DuplicateCommandError,
  StoreError,
  VersionError,
} from "../../core/errors.ts";
import type { Event, StoreEvent } from "../../core/event.ts";
import type { EventPage } from "../../core/provider.ts";
import { NO_LIMIT } from "./mysql.ts";
import { isDuplicate, REPAIR } from "./mysql_errors.ts";
import type { MysqlSession, MysqlValue } from "./mysql_executor.ts";
import {
  type MysqlEventRow,
  toPosition,
  toStoreEvent,
  toTimestamp,
} from "./mysql_rows.ts";
import type { MysqlSetup } from "./mysql_setup.ts";

/** What `append` was asked to store. */
export type Append = {
  stream: string;
  aggregateId: string;
  version: number;
  events: StoreEvent<any>[];
  commandId: string | undefined;
};

type VersionRow = { version: number; stream: string; aggregate_id: string };

/**
 * Stores the events.
 *
 * @param inTransaction A snapshot of the caller's may hide what is committed.
 * @returns Their positions.
 * @throws {DuplicateCommandError} If the command was stored before.
 * @throws {VersionError} If the aggregate is not at `version - 1`.
 */
export async function appendEvents(
  session: MysqlSession,
  setup: MysqlSetup,
  append: Append,
  inTransaction: boolean,
): Promise<number[]> {
  const refusal = await findRefusal(session, setup, append, false);
  // Looking at what is committed now locks the gaps beside it, so that others
  // wait: it is done only when it decides.
  if (refusal && inTransaction) {
    await throwRefusal(session, setup, append);
  } else if (refusal) throw refusal;
  try {
    return await insertEvents(session, setup, append);
  } catch (error) {
    if (!isDuplicate(error)) throw error;
    // The name of the index does not tell: with both violated either may be
    // reported.
    await throwRefusal(session, setup, append);
    // What was in the way is gone, or the index is none of the library's.
    return await insertEvents(session, setup, append);
  }
}

async function throwRefusal(
  session: MysqlSession,
  setup: MysqlSetup,
  append: Append,
): Promise<void> {
  const refusal = await findRefusal(session, setup, append, true);
  if (refusal) throw refusal;
}

async function findRefusal(
  session: MysqlSession,
  { statements }: MysqlSetup,
  { stream, aggregateId, version, commandId }: Append,
  isCurrent: boolean,
): Promise<DuplicateCommandError | VersionError | undefined> {
  const [head] = await session.query<VersionRow>(
    isCurrent ? statements.selectCurrentVersion : statements.selectVersion,
    [stream, aggregateId],
  );
  if (head) checkSame(head, stream, aggregateId);
  // A repeated command is told so, though its version is outdated as well. What
  // the head came of is committed by now, so the command is looked for second.
  if (commandId !== undefined) {
    const [found] = await session.query<VersionRow>(
      isCurrent ? statements.selectCurrentCommand : statements.selectCommand,
      [stream, aggregateId, commandId],
    );
    if (found) {
      checkSame(found, stream, aggregateId);
      return new DuplicateCommandError({ stream, aggregateId, commandId });
    }
  }
  const expectedVersion = version - 1;
  const actualVersion = head?.version ?? 0;
  if (actualVersion === expectedVersion) return undefined;
  return VersionError.of({
    stream,
    aggregateId,
    expectedVersion,
    actualVersion,
  });
}

async function insertEvents(
  session: MysqlSession,
  { statements, hasReturning, timestamps }: MysqlSetup,
  { stream, aggregateId, version, events, commandId }: Append,
): Promise<number[]> {
  const text = statements.insertEvents(events.length);
  const values = events.flatMap((stored, index): MysqlValue[] => [
    stream,
    aggregateId,
    version + index,
    toTimestamp(stored.timestamp, timestamps),
    JSON.stringify(stored.event),
    stored.metadata === undefined ? null : JSON.stringify(stored.metadata),
    // The first event stands for the command.
    index === 0 ? commandId ?? null : null,
  ]);
  if (hasReturning) {
    const rows = await session.query<{ position: unknown; version: number }>(
      text,
      values,
    );
    return rows
      .sort((left, right) => left.version - right.version)
      .map((row) => toPosition(row.position));
  }
  const { insertId } = await session.run(text, values);
  if (events.length === 1) return [insertId];
  // That the numbers of one statement are consecutive is nowhere promised.
  const rows = await session.query<{ position: unknown }>(
    statements.selectPositions,
    [stream, aggregateId, version, events.length],
  );
  return rows.map((row) => toPosition(row.position));
}

/** The version of the first event of a command. */
export async function findCommand(
  session: MysqlSession,
  { statements }: MysqlSetup,
  stream: string,
  aggregateId: string,
  commandId: string,
): Promise<number | undefined> {
  const [found] = await session.query<VersionRow>(statements.selectCommand, [
    stream,
    aggregateId,
    commandId,
  ]);
  if (found) checkSame(found, stream, aggregateId);
  return found?.version;
}

/** The events up to a safe position, at most `limit` unless undefined. */
export async function readPage<E extends Event>(
  session: MysqlSession,
  { statements }: MysqlSetup,
  streams: string[],
  after: number,
  safe: number,
  limit: number | undefined,
): Promise<EventPage<E>> {
  const size = limit ?? NO_LIMIT;
  const rows = after < safe && streams.length > 0
    ? await session.query<MysqlEventRow>(
      statements.selectEventsFrom(streams.length),
      [...streams.flatMap((stream) => [stream, after, safe, size]), size],
    )
    : [];
  // In a table of evtstore 12 "Users" is found under "users" as well.
  const asked = new Set(streams);
  const page: EventPage<E> = rows
    .filter((row) => asked.has(row.stream))
    .map((row) => toStoreEvent<E>(row));
  if (limit === undefined || rows.length < limit) {
    page.scannedTo = Math.max(after, safe);
  } else if (page.length < rows.length) {
    page.scannedTo = toPosition(rows.at(-1)?.position);
  }
  return page;
}

/** The events of one aggregate after a position, at most `limit` unless undefined. */
export async function readAggregate<E extends Event>(
  session: MysqlSession,
  { statements }: MysqlSetup,
  stream: string,
  aggregateId: string,
  after: number,
  limit: number | undefined,
): Promise<StoreEvent<E>[]> {
  const aggregate = [stream, aggregateId];
  const rows = after === 0
    ? await session.query<MysqlEventRow>(statements.selectEventsFor, [
      ...aggregate,
      limit ?? NO_LIMIT,
    ])
    : await session.query<MysqlEventRow>(statements.selectEventsForAfter, [
      after,
      ...aggregate,
      ...aggregate,
      after,
      limit ?? NO_LIMIT,
    ]);
  return rows.map((row) => {
    checkSame(row, stream, aggregateId);
    return toStoreEvent<E>(row);
  });
}

/** The newest event of the streams, or of one aggregate in them. */
export async function readLast<E extends Event>(
  session: MysqlSession,
  { statements }: MysqlSetup,
  streams: string[],
  aggregateId: string | undefined,
): Promise<StoreEvent<E> | undefined> {
  let last: MysqlEventRow | undefined;
  for (const stream of streams) {
    const [row] = aggregateId === undefined
      ? await session.query<MysqlEventRow>(statements.selectLastEvent, [stream])
      : await session.query<MysqlEventRow>(statements.selectLastEventFor, [
        stream,
        aggregateId,
      ]);
    if (!row) continue;
    checkSame(row, stream, aggregateId ?? row.aggregate_id);
    if (!last || toPosition(row.position) > toPosition(last.position)) {
      last = row;
    }
  }
  return last && toStoreEvent<E>(last);
}

/**
 * Refuses names that the collation of a table of evtstore 12 takes for one.
 *
 * @throws {StoreError} `NAME_COLLISION`.
 */
function checkSame(
  row: { stream: string; aggregate_id: string },
  stream: string,
  aggregateId: string,
): void {
  if (row.stream === stream && row.aggregate_id === aggregateId) return;
  throw collision(
    `"${aggregateId}" of stream "${stream}"`,
    `"${row.aggregate_id}" of stream "${row.stream}"`,
    { stream, aggregateId },
  );
}

/** The error of two names that the database takes for one. */
export function collision(
  asked: string,
  found: string,
  facts: { stream?: string; aggregateId?: string; bookmark?: string },
): StoreError {
  return new StoreError(
    "NAME_COLLISION",
    `Cannot tell ${asked} from ${found}: the collation of the table takes them for one; ${REPAIR}`,
    facts,
  );
}
