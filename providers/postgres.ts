/**
 * Events in PostgreSQL 13 or newer, by the driver `postgres` (postgres.js). The
 * tables are those of the providers `pg` and `knex`: an application can change
 * its driver.
 *
 * Order: by the locks of those who write (the horizon), so nothing is skipped
 * whoever writes: this library, evtstore 12, plain SQL. A writer that does not
 * commit holds handlers back, never other writers. It has every capability of a
 * provider, and other processes' appends are seen within 50 ms, or sooner with
 * `notify`. It reads from the primary only, unless all providers have
 * `ordering: "serialized"`.
 *
 * @module
 */
import type { Sql, TransactionSql } from "postgres";
import type { Event } from "../core/event.ts";
import { PostgresJsExecutor } from "./postgresjs_executor.ts";
import { migratePostgres } from "./sql/postgres_migrate.ts";
import type { PostgresTableOptions } from "./sql/postgres_names.ts";
import {
  createPostgresProvider,
  type PostgresOptions,
  type PostgresOrdering,
  type PostgresProvider,
} from "./sql/postgres_provider.ts";

export type {
  PostgresOptions,
  PostgresOrdering,
  PostgresProvider,
  PostgresTableOptions,
};

/** A row of the table of bookmarks. */
export type Bookmark = {
  /** Its name. */
  bookmark: string;
  /** Where it stands. */
  position: number;
};

/** Options of {@linkcode createProvider}. */
export type Options = PostgresOptions & {
  /** What `postgres()` returned, or the promise of it. */
  sql: Sql<any> | Promise<Sql<any>>;
};

/** Options of {@linkcode migrate}. */
export type MigrateOptions = PostgresTableOptions & {
  /** What `postgres()` returned, for the server itself rather than PgBouncer. */
  sql: Sql<any> | Promise<Sql<any>>;
  /** Return the statements, and run none. @default {false} */
  print?: boolean;
};

/** Options of {@linkcode migrate}, with the client under its other name. */
export type MigrateClientOptions = Omit<MigrateOptions, "sql"> & {
  /** What `postgres()` returned. */
  client: Sql<any> | Promise<Sql<any>>;
};

/**
 * Stores events in PostgreSQL. The tables must have been made by `migrate`.
 *
 * Every method rejects with a `StoreError` of `evtstore`: `NOT_MIGRATED`,
 * `STORE_BUSY`, `STORE_FULL`, `STORE_CLOSED`, `LOCK_TIMEOUT`, `READ_ONLY`,
 * `CONNECTION_LOST` (nothing was stored), `OUTCOME_UNKNOWN` (the connection was
 * lost before the answer came), `TRANSACTION_CONFLICT` (run your transaction
 * again), `TRANSACTION_ENDED`, `TRANSACTION_JOINED`, or `STORE_FAILED` with the
 * driver's error as its cause. `transact` runs its work again after a deadlock.
 *
 * @throws {StoreError} `INVALID_INPUT`, naming the option.
 *
 * @example
 * ```ts ignore
 * import { createProvider, migrate } from "evtstore/provider/postgres";
 * import postgres from "postgres";
 *
 * const sql = postgres("postgres://localhost/bank");
 * await migrate({ sql });
 * const provider = createProvider({ sql });
 * ```
 */
export function createProvider<E extends Event = any>(
  options: Options,
): PostgresProvider<E, TransactionSql<any>> {
  return createPostgresProvider<E, TransactionSql<any>>(
    new PostgresJsExecutor(options.sql),
    options,
  );
}

/**
 * Makes the tables that `createProvider` needs, and brings those of evtstore 12
 * to what it needs. It only adds, and may run twice, at the same time, and
 * while an older application goes on using the tables. On a large table indexes
 * are built without locking it, so it cannot be one transaction: what fails can
 * be run again.
 *
 * @throws {StoreError} `STORE_FAILED` if a table of that name belongs to
 * something else; `LOCK_TIMEOUT` if a transaction keeps one locked.
 *
 * @example
 * ```ts ignore
 * const statements = await migrate({ sql, print: true });
 * ```
 */
export function migrate(
  options: (MigrateOptions | MigrateClientOptions) & { print: true },
): Promise<string[]>;
/** Makes or upgrades the tables, as above. */
export function migrate(
  options: (MigrateOptions | MigrateClientOptions) & { print?: false },
): Promise<void>;
export async function migrate(
  options: MigrateOptions | MigrateClientOptions,
): Promise<string[] | void> {
  const sql = "sql" in options ? options.sql : options.client;
  return await migratePostgres(new PostgresJsExecutor(sql), options);
}
