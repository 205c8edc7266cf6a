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
import { defaultOnError } from "../core/default_on_error.ts";
import { StoreError } from "../core/errors.ts";
import type { Event } from "../core/event.ts";
import type { ErrorCallback, FullProvider } from "../core/provider.ts";
import { checkText } from "./name_input.ts";
import { createSqliteProvider } from "./sql/sqlite_provider.ts";
import type { SqliteSynchronous } from "./sqlite_connection.ts";
import {
  type SqliteDatabaseOptions,
  toSource,
  toTables,
} from "./sqlite_database.ts";
import { SqliteStore } from "./sqlite_store.ts";

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
  & FullProvider<E, DatabaseSync>
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
  const store = new SqliteStore(toSource(options), options.synchronous);
  const { provider, watcher } = createSqliteProvider<E, DatabaseSync>(store, {
    driver: "sqlite",
    tables: toTables(options),
    limit: options.limit ?? 1000,
    onError: options.onError ?? defaultOnError,
    checkText,
    checkPosition: toPosition,
  });
  return {
    ...provider,
    close() {
      watcher.close();
      return store.close();
    },
  };
}

function toPosition(field: string, value: unknown): number {
  const position = typeof value === "bigint" ? Number(value) : value;
  if (Number.isSafeInteger(position)) return position as number;
  throw new StoreError(
    "INVALID_INPUT",
    `Expected ${field} to be a position of this provider, a whole number: got ${
      String(value)
    }`,
    { field },
  );
}
