import { DuplicateCommandError, VersionError } from "../../core/errors.ts";
import type { Append } from "../append_input.ts";
import { type EventTexts, textsOf } from "./append_group.ts";
import type { PostgresStatements } from "./postgres.ts";
import type { PostgresRow, PostgresValue } from "./postgres_executor.ts";
import { type Position, toArrayText, toPosition } from "./postgres_rows.ts";
import type { Operation, PostgresStore } from "./postgres_store.ts";

/** An append whose events are text already. */
export type PreparedAppend = EventTexts & {
  stream: string;
  aggregateId: string;
  /** The version that the aggregate is expected to have. */
  before: number;
  commandId: string | null;
  timestamps: string[];
};

/** Makes texts of the events. */
export function prepareAppend(append: Append): PreparedAppend {
  const { stream, aggregateId, version, events, commandId } = append;
  return {
    stream,
    aggregateId,
    before: version - 1,
    commandId: commandId ?? null,
    timestamps: events.map(({ timestamp }) =>
      new Date(timestamp).toISOString()
    ),
    ...textsOf(events),
  };
}

/**
 * Stores the events in one round trip.
 *
 * @returns Their positions.
 * @throws {DuplicateCommandError} If the command was stored before.
 * @throws {VersionError} If the aggregate has another version.
 */
export async function appendEvents<Tx>(
  store: PostgresStore<Tx>,
  statements: PostgresStatements,
  append: PreparedAppend,
  tx: Tx | undefined,
): Promise<Position[]> {
  const isOne = append.events.length === 1;
  const rows = await store.write(
    operationOf(append, tx),
    isOne ? statements.insertEvent : statements.insertEvents,
    isOne ? valuesOfOne(append) : valuesOf(append),
  );
  return rows.length > 0
    ? positionsOf(rows)
    : await explainRefusal(store, statements, append, tx);
}

/**
 * Finds out why nothing was stored. The names of the indexes do not tell: with
 * both violated the older one is reported, and a dump changes which that is.
 *
 * @returns The positions, if what was in the way is gone by now.
 * @throws {DuplicateCommandError} If the command was stored before.
 * @throws {VersionError} If the aggregate has another version.
 */
export async function explainRefusal<Tx>(
  store: PostgresStore<Tx>,
  statements: PostgresStatements,
  append: PreparedAppend,
  tx: Tx | undefined,
): Promise<Position[]> {
  const { stream, aggregateId, before, commandId } = append;
  const operation = operationOf(append, tx);
  const [[head, storedAt] = []] = await store.read(
    operation,
    statements.selectRefusal,
    [stream, aggregateId, commandId],
  );
  if (storedAt !== null && commandId !== null) {
    throw new DuplicateCommandError({ stream, aggregateId, commandId });
  }
  const actualVersion = Number(head);
  if (actualVersion !== before) {
    throw VersionError.of({
      stream,
      aggregateId,
      expectedVersion: before,
      actualVersion,
    });
  }
  // Neither: a sequence that is behind its table, a foreign unique index. Or
  // what was in the way has been deleted by now, and this stores the events.
  return positionsOf(
    await store.write(
      operation,
      statements.insertEventsOrFail,
      valuesOf(append),
    ),
  );
}

/** What an append is called in errors, and where it runs. */
export function operationOf<Tx>(
  { stream, aggregateId }: PreparedAppend,
  tx: Tx | undefined,
): Operation<Tx> {
  return { what: "append", tx, facts: { stream, aggregateId } };
}

function valuesOfOne(append: PreparedAppend): PostgresValue[] {
  return [
    append.stream,
    append.aggregateId,
    append.before,
    append.timestamps[0]!,
    append.events[0]!,
    append.metadata[0]!,
    append.commandId,
  ];
}

function valuesOf(append: PreparedAppend): PostgresValue[] {
  return [
    append.stream,
    append.aggregateId,
    append.before,
    toArrayText(append.timestamps),
    toArrayText(append.events),
    toArrayText(append.metadata),
    append.commandId,
  ];
}

function positionsOf(rows: PostgresRow[]): Position[] {
  return rows
    .map(([position, version]) => ({ position, version: Number(version) }))
    .sort((left, right) => left.version - right.version)
    .map(({ position }) => toPosition(position));
}
