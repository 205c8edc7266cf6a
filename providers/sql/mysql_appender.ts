import { systemClock } from "../../core/clock.ts";
import { aggregateKey } from "../../core/aggregate_key.ts";
import type { Append } from "../append_input.ts";
import { holdVersion } from "../held_version.ts";
import { coalescableOf, ownErrorOf } from "./append_group.ts";
import { type Coalescable, Coalescer, type Outcome } from "./coalescer.ts";
import {
  appendEvents,
  prepareAppend,
  type PreparedAppend,
  valuesOf,
} from "./mysql_append.ts";
import {
  isDuplicate,
  isLockTimeout,
  isRefused,
  toStoreError,
} from "./mysql_errors.ts";
import type { VersionRow } from "./mysql_events.ts";
import type { MysqlSession } from "./mysql_executor.ts";
import { toPosition } from "./mysql_rows.ts";
import type { MysqlSetup } from "./mysql_setup.ts";
import type { MysqlStore } from "./mysql_store.ts";
import type { RecentVersions } from "./recent_versions.ts";
import { tellAppendGroup } from "../append_groups.ts";

/** How often a statement of several that was refused is sent again. */
const MAX_RETRIES = 4;
/** The pause before that, where somebody had a lock, in milliseconds. */
const PAUSE_MS = 10;

type Shared = PreparedAppend & Coalescable;

/** What is stored of a group, by key; the others have to be run alone. */
type Stored = Map<string, number[]>;

/**
 * Appends by themselves, or those that arrive together by one statement. That
 * needs MariaDB, which tells the positions of several commits, and can refuse
 * to wait for whoever keeps one aggregate locked.
 */
export class MysqlAppender<Tx> {
  #store: MysqlStore<Tx>;
  #recent: RecentVersions;
  #coalescer: Coalescer<Shared, number[]>;

  /**
   * @param store Where they run.
   * @param recent What the provider has read of aggregates a moment ago.
   */
  constructor(store: MysqlStore<Tx>, recent: RecentVersions) {
    this.#store = store;
    this.#recent = recent;
    this.#coalescer = new Coalescer<Shared, number[]>({
      alone: (append) => this.#alone(append),
      together: (appends) => this.#appendTogether(appends),
      overtaken: (append, stored) =>
        append.version < stored.version + stored.size
          ? () => this.#alone(append)
          : undefined,
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
  async append(
    append: Append,
    tx: Tx | undefined,
  ): Promise<number[]> {
    const prepared = prepareAppend(append);
    if (tx !== undefined) return await this.#appendAlone(prepared, tx);
    const positions = await this.#coalescer.run({
      ...prepared,
      ...coalescableOf(prepared),
    });
    const { stream, aggregateId, version, events } = append;
    this.#recent.add(stream, aggregateId, version + events.length - 1);
    return positions;
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
          (session, { statements }) =>
            session.run(statements.deleteEvent, [position!]),
        ),
    );
  }

  #alone(append: PreparedAppend): Promise<number[]> {
    tellAppendGroup("mysql", 1);
    return this.#appendAlone(append, undefined);
  }

  #appendAlone(append: PreparedAppend, tx: Tx | undefined): Promise<number[]> {
    const { stream, aggregateId } = append;
    return this.#store.write(
      { what: "append", tx, facts: { stream, aggregateId } },
      (session, setup) =>
        appendEvents(
          session,
          setup,
          append,
          this.#isKnown(append),
          tx !== undefined,
        ),
    );
  }

  #isKnown({ stream, aggregateId, version }: PreparedAppend): boolean {
    return this.#recent.has(stream, aggregateId, version - 1);
  }

  async #appendTogether(appends: Shared[]): Promise<Outcome<number[]>[]> {
    let stored: Stored;
    try {
      stored = await this.#store.runShared(
        "append",
        (session, setup) =>
          storeTogether(
            session,
            setup,
            appends,
            (append) => this.#isKnown(append),
          ),
      );
    } catch (error) {
      if (!isRefused(error)) {
        return appends.map((append) => ({ reason: toOwnError(error, append) }));
      }
      // Whose fault it was shows when each is run by itself.
      stored = new Map();
    }
    tellAppendGroup("mysql", stored.size);
    return appends.map((append) => {
      const value = stored.get(append.key);
      return value ? { value } : { run: () => this.#alone(append) };
    });
  }
}

/** Stores those that nothing refuses; one statement, so all of these or none. */
async function storeTogether(
  session: MysqlSession,
  setup: MysqlSetup,
  appends: Shared[],
  isKnown: (append: Shared) => boolean,
): Promise<Stored> {
  if (!setup.hasReturning) return new Map();
  // In one order, so that two statements do not wait for each other.
  let left = appends.toSorted((one, other) => one.key < other.key ? -1 : 1);
  let mustLook = left.some((append) => append.version > 1 && !isKnown(append));
  for (let attempt = 0;; attempt++) {
    if (mustLook) left = await withoutRefused(session, setup, left);
    if (left.length < 2) return new Map();
    try {
      return await insertTogether(session, setup, left);
    } catch (error) {
      if (attempt === MAX_RETRIES) throw error;
      if (isDuplicate(error)) {
        // It may be the id of a command that was stored before.
        left = left.filter(({ commandId }) => commandId === undefined);
        mustLook = true;
      } else if (isLockTimeout(error)) {
        await systemClock.sleep(systemClock.random() * PAUSE_MS);
      } else throw error;
    }
  }
}

/** Without those whose aggregate is at another version than they expect. */
async function withoutRefused(
  session: MysqlSession,
  { statements }: MysqlSetup,
  appends: Shared[],
): Promise<Shared[]> {
  const heads = await session.query<VersionRow>(
    statements.selectVersions(appends.length),
    appends.flatMap(({ stream, aggregateId }) => [stream, aggregateId]),
  );
  const versions = new Map(
    heads.map((
      row,
    ) => [aggregateKey(row.stream, row.aggregate_id), row.version]),
  );
  return appends.filter(({ key, version }) =>
    (versions.get(key) ?? 0) === version - 1
  );
}

async function insertTogether(
  session: MysqlSession,
  { statements, timestamps }: MysqlSetup,
  appends: Shared[],
): Promise<Stored> {
  const size = appends.reduce((sum, { events }) => sum + events.length, 0);
  const rows = await session.query<VersionRow & { position: unknown }>(
    statements.insertCommits(size),
    appends.flatMap((append) => valuesOf(append, timestamps)),
  );
  const stored: Stored = new Map(appends.map(({ key }) => [key, []]));
  rows.sort((left, right) => left.version - right.version);
  for (const row of rows) {
    stored.get(aggregateKey(row.stream, row.aggregate_id))!
      .push(toPosition(row.position));
  }
  return stored;
}

function toOwnError(
  error: unknown,
  { stream, aggregateId }: Shared,
): unknown {
  const facts = { stream, aggregateId };
  const operation = { what: "append", facts, mayBeCommitted: true };
  return ownErrorOf(error, toStoreError(error, operation), facts);
}
