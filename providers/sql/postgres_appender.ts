import { aggregateKey } from "../../core/aggregate_key.ts";
import { type Coalescable, Coalescer, type Outcome } from "./coalescer.ts";
import type { PostgresStatements } from "./postgres.ts";
import type { Append } from "../append_input.ts";
import { holdVersion } from "../held_version.ts";
import { coalescableOf, ownErrorOf } from "./append_group.ts";
import {
  appendEvents,
  explainRefusal,
  operationOf,
  prepareAppend,
  type PreparedAppend,
} from "./postgres_append.ts";
import { isRefused, toStoreError } from "./postgres_errors.ts";
import type { PostgresRow, PostgresValue } from "./postgres_executor.ts";
import { type Position, toArrayText, toPosition } from "./postgres_rows.ts";
import type { PostgresStore } from "./postgres_store.ts";
import { tellAppendGroup } from "../append_groups.ts";

type Shared = PreparedAppend & Coalescable;

/** Appends by themselves, or those that arrive together by one statement. */
export class PostgresAppender<Tx> {
  #store: PostgresStore<Tx>;
  #statements: PostgresStatements;
  #coalescer: Coalescer<Shared, Position[]>;

  /** @param store Where they run. */
  constructor(store: PostgresStore<Tx>, statements: PostgresStatements) {
    this.#store = store;
    this.#statements = statements;
    this.#coalescer = new Coalescer<Shared, Position[]>({
      alone: (append) => this.#alone(append),
      together: (appends) => this.#appendTogether(appends),
      overtaken: (append, { before, size }) =>
        append.before < before + size ? () => this.#explain(append) : undefined,
    });
  }

  /** Whether so many appends wait that {@linkcode room} would. */
  get isFull(): boolean {
    return this.#coalescer.isFull;
  }

  /** Waits while too many appends wait. */
  room(): Promise<void> {
    return this.#coalescer.room();
  }

  /**
   * Stores the events.
   *
   * @returns Their positions.
   * @throws {DuplicateCommandError} If the command was stored before.
   * @throws {VersionError} If the aggregate is not at the version before.
   */
  async append(append: Append, tx: Tx | undefined): Promise<Position[]> {
    const prepared = prepareAppend(append);
    if (tx !== undefined) {
      return await appendEvents(this.#store, this.#statements, prepared, tx);
    }
    // Later it runs for others as well, and no more where it was called.
    this.#store.checkOutside("append");
    return await this.#coalescer.run({
      ...prepared,
      ...coalescableOf(prepared),
    });
  }

  /** Holds an aggregate at a version; gives the version that it has. */
  async hold(
    stream: string,
    aggregateId: string,
    version: number,
    tx: Tx,
  ): Promise<number> {
    return await holdVersion(
      stream,
      aggregateId,
      version,
      (append) => this.append(append, tx),
      ([position]) =>
        this.#store.write(
          { what: "hold", tx, facts: { stream, aggregateId } },
          this.#statements.deleteEvent,
          [String(position)],
        ),
    );
  }

  async #appendTogether(appends: Shared[]): Promise<Outcome<Position[]>[]> {
    tellAppendGroup("postgresql", appends.length);
    let rows: PostgresRow[];
    try {
      rows = await this.#store.runShared(
        "append",
        this.#statements.insertCommits,
        toColumns(appends),
      );
    } catch (error) {
      // Whose fault it was shows when each is run by itself.
      if (isRefused(error)) {
        return appends.map((append) => ({ run: () => this.#alone(append) }));
      }
      return appends.map((append) => ({ reason: toOwnError(error, append) }));
    }
    const positions = positionsByKey(rows);
    return appends.map((append) => {
      const value = positions.get(append.key);
      return value ? { value } : { run: () => this.#explain(append) };
    });
  }

  #alone(append: Shared): Promise<Position[]> {
    tellAppendGroup("postgresql", 1);
    return appendEvents(this.#store, this.#statements, append, undefined);
  }

  #explain(append: Shared): Promise<Position[]> {
    return explainRefusal(this.#store, this.#statements, append, undefined);
  }
}

/** One array for each column, with an element for each event. */
function toColumns(appends: Shared[]): PostgresValue[] {
  const each = (value: (append: Shared, index: number) => string | null) =>
    toArrayText(
      appends.flatMap((append) =>
        append.events.map((_event, index) => value(append, index))
      ),
    );
  return [
    each(({ stream }) => stream),
    each(({ aggregateId }) => aggregateId),
    each(({ before }) => String(before)),
    each((_append, index) => String(index + 1)),
    each(({ timestamps }, index) => timestamps[index]!),
    each(({ events }, index) => events[index]!),
    each(({ metadata }, index) => metadata[index]!),
    each(({ commandId }, index) => index === 0 ? commandId : null),
  ];
}

function positionsByKey(rows: PostgresRow[]): Map<string, Position[]> {
  const byKey = new Map<string, { position: Position; version: number }[]>();
  for (const [stream, aggregateId, position, version] of rows) {
    const key = aggregateKey(stream, aggregateId);
    const stored = byKey.get(key) ?? [];
    stored.push({ position: toPosition(position), version: Number(version) });
    byKey.set(key, stored);
  }
  return new Map(
    [...byKey].map(([key, stored]) => [
      key,
      stored
        .sort((left, right) => left.version - right.version)
        .map(({ position }) => position),
    ]),
  );
}

function toOwnError(error: unknown, append: Shared): unknown {
  const { what, facts } = operationOf(append, undefined);
  const own = toStoreError(error, { what, facts, mayBeCommitted: true });
  return ownErrorOf(error, own, facts);
}
