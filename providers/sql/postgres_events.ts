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

/** The last of PostgreSQL's. */
const MAX_POSITION = 9_223_372_036_854_775_807n;
/**
 * A reading of so many positions at most is prepared. Its one plan for all
 * values walks the primary key, which for a stream that is rare, over many
 * positions, is the whole log for a few events.
 */
const FEW = 5000;
/**
 * A page is looked for among so many positions an event that it may have, and
 * where there are not enough, among so many times more behind them. Before the
 * server has counted a table it plans for a few events, and would read and sort
 * all that follow, for every page.
 */
const POSITIONS_AN_EVENT = 4;
const GROWTH = 8;

/** The events up to a safe position, at most `limit` unless null. */
export async function readPage<E extends Event, Tx>(
  store: PostgresStore<Tx>,
  statements: PostgresStatements,
  streams: string[],
  after: Position,
  safe: Position,
  limit: number | null,
): Promise<EventPage<E>> {
  const rows: PostgresRow[] = [];
  for (const { from, to } of rangesOf(after, safe, limit)) {
    rows.push(
      ...await store.read(
        readOperation(streams, Number(to) - Number(from) > FEW),
        statements.selectEventsFrom,
        [
          toArrayText(streams),
          String(from),
          String(to),
          limit === null ? null : limit - rows.length,
        ],
      ),
    );
    if (rows.length === limit) break;
  }
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
  const rows: PostgresRow[] = [];
  let head = after;
  for (const { from, to } of rangesOf(after, MAX_POSITION, limit)) {
    const [first, ...others] = await store.read(
      readOperation(streams, Number(to) - Number(from) > FEW),
      statements.selectEventsFromHead,
      [
        toArrayText(streams),
        String(from),
        String(to),
        limit === null ? null : limit - rows.length,
      ],
    );
    for (const [, ...event] of [first!, ...others]) {
      if (event[0] !== null) rows.push(event);
    }
    head = toPosition(first![0]);
    if (rows.length === limit || head <= to) break;
  }
  return toPage(rows, after, head, limit);
}

/** The ranges of positions to look in, one after the other. */
function* rangesOf(
  after: Position,
  end: Position,
  limit: number | null,
): Generator<{ from: Position; to: Position }> {
  let width = (limit ?? Infinity) * POSITIONS_AN_EVENT;
  for (let from = after; from < end;) {
    const isRest = width >= Number(end) - Number(from);
    const to = isRest ? end : toPosition(BigInt(from) + BigInt(width));
    yield { from, to };
    from = to;
    width *= GROWTH;
  }
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
