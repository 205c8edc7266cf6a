import { DuplicateCommandError, VersionError } from "../../core/errors.ts";
import type { Append } from "../append_input.ts";
import { type EventTexts, textsOf } from "./append_group.ts";
import { isDuplicate } from "./mysql_errors.ts";
import { checkSame, type VersionRow } from "./mysql_events.ts";
import type { MysqlSession, MysqlValue } from "./mysql_executor.ts";
import { type MysqlTimestamps, toPosition, toTimestamp } from "./mysql_rows.ts";
import type { MysqlSetup } from "./mysql_setup.ts";

/** An append whose events are text already. */
export type PreparedAppend = EventTexts & {
  stream: string;
  aggregateId: string;
  version: number;
  times: Date[];
  commandId: string | undefined;
};

/** Makes texts of the events. */
export function prepareAppend({ events, ...append }: Append): PreparedAppend {
  return {
    ...append,
    ...textsOf(events),
    times: events.map(({ timestamp }) => new Date(timestamp)),
  };
}

/**
 * Stores the events.
 *
 * @param isKnown Whether the event before them is known to be stored.
 * @param inTransaction A snapshot of the caller's may hide what is committed.
 * @returns Their positions.
 * @throws {DuplicateCommandError} If the command was stored before.
 * @throws {VersionError} If the aggregate is not at `version - 1`.
 */
export async function appendEvents(
  session: MysqlSession,
  setup: MysqlSetup,
  append: PreparedAppend,
  isKnown: boolean,
  inTransaction: boolean,
): Promise<number[]> {
  // An index alone refuses an event whose place is taken; that there is one
  // before it is to be seen here, unless it is the first.
  const refusal = append.version > 1 && !isKnown
    ? await findRefusal(session, setup, append, false)
    : undefined;
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
  append: PreparedAppend,
): Promise<void> {
  const refusal = await findRefusal(session, setup, append, true);
  if (refusal) throw refusal;
}

async function findRefusal(
  session: MysqlSession,
  { statements }: MysqlSetup,
  { stream, aggregateId, version, commandId }: PreparedAppend,
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
  append: PreparedAppend,
): Promise<number[]> {
  const { stream, aggregateId, version, events } = append;
  const text = statements.insertEvents(events.length);
  const values = valuesOf(append, timestamps);
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

/** What the columns of its events are bound to. */
export function valuesOf(
  { stream, aggregateId, version, events, metadata, times, commandId }:
    PreparedAppend,
  timestamps: MysqlTimestamps,
): MysqlValue[] {
  return events.flatMap((event, index): MysqlValue[] => [
    stream,
    aggregateId,
    version + index,
    toTimestamp(times[index]!, timestamps),
    event,
    metadata[index]!,
    // The first event stands for the command.
    index === 0 ? commandId ?? null : null,
  ]);
}
