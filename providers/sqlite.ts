/**
 * Events in an SQLite file, by the runtime's own `node:sqlite`: Node 22.13
 * (22.5 with `--experimental-sqlite`), Deno 2.2, Bun 1.4. Durable, and safe
 * with several processes on one file of a local disk.
 *
 * Order: positions are assigned under the one write lock, so readers need no
 * care. It has every capability of a provider, and other processes' appends are
 * seen within 25 ms. It does not work on a network file system, and it writes
 * one transaction at a time.
 *
 * @module
 */
import type { DatabaseSync } from "node:sqlite";
import { StoreError } from "../core/errors.ts";
import { createEventsMapper, type Event } from "../core/event.ts";
import type { ErrorCallback, Provider } from "../core/provider.ts";
import { checkName } from "../core/validation.ts";
import { checkAppend } from "./append_input.ts";
import { checkText, toStreams } from "./name_input.ts";
import { defaultOnError } from "../core/default_on_error.ts";
import { createStatements } from "./sql/sqlite.ts";
import type { SqliteSynchronous } from "./sqlite_connection.ts";
import {
  appendEvents,
  encodeAppend,
  findCommand,
  readAggregate,
  readHead,
  readLast,
  readPage,
  readVersion,
} from "./sqlite_events.ts";
import {
  type SqliteDatabaseOptions,
  toSource,
  toTables,
} from "./sqlite_database.ts";
import { createCatalog } from "./sqlite_catalog.ts";
import { createRecords } from "./sqlite_records.ts";
import { SqliteStore } from "./sqlite_store.ts";
import { AppendWatcher } from "./append_watch.ts";

export { migrate, type SqliteMigrateOptions } from "./sqlite_migrate.ts";
export type { SqliteDatabaseOptions, SqliteSynchronous };

/** Options of {@linkcode createProvider}. */
export type SqliteOptions = SqliteDatabaseOptions & {
  /** The most events that a read returns. @default {1000} */
  limit?: number;
  /** Called with every failure that has no caller; a warning unless given. */
  onError?: ErrorCallback;
  /**
   * How hard a commit is pressed onto the disk. With NORMAL a loss of power can
   * take the last commits; appends are several times faster. FULL for a `path`;
   * a `client` keeps what it has.
   *
   * @default {"FULL"}
   */
  synchronous?: SqliteSynchronous;
};

/** What {@linkcode createProvider} returns: a provider that can do everything. */
export type SqliteProvider<E extends Event> =
  & Provider<E, DatabaseSync>
  & Required<
    Pick<
      Provider<E, DatabaseSync>,
      | "watch"
      | "transact"
      | "records"
      | "findCommand"
      | "horizon"
      | "hold"
      | "catalog"
    >
  >
  & {
    /**
     * Waits for what is being written, and closes the connections that the
     * provider has opened. What is asked of it later is `STORE_CLOSED`.
     */
    close(): Promise<void>;
  };

/**
 * Stores events in SQLite. Nothing is opened before the first use, and the
 * tables must have been made by `migrate`.
 *
 * Every method rejects with a {@linkcode StoreError}: `NOT_MIGRATED`,
 * `STORE_BUSY` (another process or transaction kept the database locked for
 * ten seconds), `STORE_FULL`, `STORE_CLOSED`, `RUNTIME_UNSUPPORTED`,
 * `TRANSACTION_JOINED` (a call inside `transact` without its `tx`),
 * `TRANSACTION_FOREIGN` (the client is in a transaction of somebody else),
 * `TRANSACTION_ENDED`, or `STORE_FAILED` with the driver's error as its cause.
 *
 * @throws {StoreError} `INVALID_INPUT` for the path ":memory:", or for neither
 * or both of `path` and `client`.
 *
 * @example
 * ```ts
 * import { createProvider, migrate } from "evtstore/provider/sqlite";
 * import { DatabaseSync } from "node:sqlite";
 * import assert from "node:assert/strict";
 *
 * // With a file: const database = { path: "bank.db" };
 * const database = { client: new DatabaseSync(":memory:") };
 * await migrate(database);
 * const provider = createProvider(database);
 *
 * const opened = { type: "Opened", owner: "Ada" };
 * await provider.append(
 *   "accounts",
 *   "ada",
 *   1,
 *   provider.createEvents("accounts", "ada", 1, [opened]),
 * );
 * const [stored] = await provider.getEventsFrom("accounts", 0);
 * assert.deepEqual(stored?.event, opened);
 * await provider.close();
 * ```
 */
export function createProvider<E extends Event = any>(
  options: SqliteOptions,
): SqliteProvider<E> {
  const statements = createStatements(toTables(options));
  const store = new SqliteStore(toSource(options), options.synchronous);
  const onError = options.onError ?? defaultOnError;
  const watcher = new AppendWatcher(
    async () => await store.isPrivate() ? undefined : await head("watch"),
    onError,
  );
  // The open transaction, and whether events were appended in it.
  let transaction = { isAppendedTo: false };

  const most = options.limit ?? 1000;
  const limitOf = (limit = most): number => {
    const least = Math.min(limit, most);
    // SQLite takes a negative limit for none.
    return Number.isFinite(least) ? Math.max(0, Math.floor(least)) : -1;
  };
  const head = (what: string) =>
    store.read({ what }, (connection) => readHead(connection, statements));

  return {
    driver: "sqlite",
    limit: most,
    onError,

    async getPosition(bookmark) {
      checkText("bookmark", bookmark);
      const row = await store.read(
        { what: "getPosition", facts: { bookmark } },
        (connection) =>
          connection.get<{ position: number }>(
            statements.selectBookmark,
            bookmark,
          ),
      );
      return row?.position ?? 0;
    },

    async setPosition(bookmark, position, { from, tx } = {}) {
      checkName("bookmark", bookmark);
      const to = toPosition("position", position);
      const start = from === undefined ? from : toPosition("from", from);
      const changes = await store.write(
        { what: "setPosition", tx, facts: { bookmark } },
        (connection) =>
          start === undefined
            ? connection.run(statements.upsertBookmark, bookmark, to)
            : start === 0
            ? connection.run(statements.startBookmark, bookmark, to)
            : connection.run(statements.moveBookmark, to, bookmark, start),
      );
      if (start !== undefined) return changes === 1;
    },

    async getEventsFrom(stream, position, limit) {
      const streams = toStreams(stream);
      const after = toPosition("position", position ?? 0);
      return await store.read(
        { what: "getEventsFrom", facts: { stream: streams.join(", ") } },
        (connection) =>
          readPage<E>(connection, statements, streams, after, limitOf(limit)),
      );
    },

    async getEventsFor(
      stream,
      aggregateId,
      fromPosition,
      { limit, tx } = {},
    ) {
      checkText("stream", stream);
      checkText("aggregateId", aggregateId);
      const after = toPosition("fromPosition", fromPosition ?? 0);
      return await store.read(
        { what: "getEventsFor", tx, facts: { stream, aggregateId } },
        (connection) =>
          readAggregate<E>(
            connection,
            statements,
            stream,
            aggregateId,
            after,
            limitOf(limit),
          ),
      );
    },

    async getLastEventFor(stream, aggregateId, { tx } = {}) {
      const streams = toStreams(stream);
      if (aggregateId !== undefined) checkText("aggregateId", aggregateId);
      return await store.read(
        { what: "getLastEventFor", tx, facts: { stream: streams.join(", ") } },
        (connection) =>
          readLast<E>(connection, statements, streams, aggregateId),
      );
    },

    createEvents: createEventsMapper<E>(0),

    async append(stream, aggregateId, version, events, options = {}) {
      const { commandId, tx } = options;
      checkAppend(stream, aggregateId, version, events, commandId);
      if (events.length === 0) return [];
      const append = { stream, aggregateId, version, events, commandId };
      const encoded = encodeAppend(append);
      const positions = await store.write(
        { what: "append", tx, facts: { stream, aggregateId } },
        (connection) => {
          const positions = appendEvents(connection, statements, encoded);
          if (tx !== undefined) transaction.isAppendedTo = true;
          return positions;
        },
      );
      // In a transaction they are new when it commits.
      if (tx === undefined) watcher.appended(positions.at(-1));
      return events.map((stored, index) => ({
        ...stored,
        position: positions[index],
      }));
    },

    watch: (listener) => watcher.watch(listener),

    async transact(work) {
      const own = { isAppendedTo: false };
      const result = await store.transact((tx) => {
        transaction = own;
        return work(tx);
      });
      if (own.isAppendedTo) watcher.appended();
      return result;
    },

    records: createRecords(store, statements),

    catalog: createCatalog(
      statements,
      (what, sql, ...values) =>
        store.read({ what }, (connection) => connection.all(sql, ...values)),
      toPosition,
    ),

    async findCommand(stream, aggregateId, commandId, { tx } = {}) {
      checkText("stream", stream);
      checkText("aggregateId", aggregateId);
      checkText("commandId", commandId);
      return await store.read(
        { what: "findCommand", tx, facts: { stream, aggregateId, commandId } },
        (connection) =>
          findCommand(connection, statements, stream, aggregateId, commandId),
      );
    },

    async horizon() {
      return { position: await head("horizon"), blockedBy: [] };
    },

    // Nobody else writes while a transaction has the write lock.
    async hold(stream, aggregateId, _version, { tx }) {
      checkText("stream", stream);
      checkText("aggregateId", aggregateId);
      return await store.read(
        { what: "hold", tx, facts: { stream, aggregateId } },
        (connection) =>
          readVersion(connection, statements, stream, aggregateId),
      );
    },

    close() {
      watcher.close();
      return store.close();
    },
  };
}

function toPosition(field: string, value: unknown): number {
  const position = typeof value === "bigint" ? Number(value) : value;
  if (Number.isSafeInteger(position)) return position as number;
  throw invalid(
    field,
    `Expected ${field} to be a position of this provider, a whole number: got ${
      String(value)
    }`,
  );
}

function invalid(field: string, message: string): StoreError {
  return new StoreError("INVALID_INPUT", message, { field });
}
