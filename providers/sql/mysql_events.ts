import { StoreError } from "../../core/errors.ts";
import type { Event, StoreEvent } from "../../core/event.ts";
import type { EventPage } from "../../core/provider.ts";
import { NO_LIMIT } from "./mysql.ts";
import { REPAIR } from "./mysql_errors.ts";
import type { MysqlSession } from "./mysql_executor.ts";
import { type MysqlEventRow, toPosition, toStoreEvent } from "./mysql_rows.ts";
import type { MysqlSetup } from "./mysql_setup.ts";

/** An aggregate as its row names it. */
export type VersionRow = {
  version: number;
  stream: string;
  aggregate_id: string;
};

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
export function checkSame(
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
