/**
 * Events in PostgreSQL 13 or newer, by the driver `pg`. The tables are those of
 * the providers `postgres` and `knex`: an application can change its driver.
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
import type { Event } from "../core/event.ts";
import {
  type PgClient,
  type PgConnection,
  PgExecutor,
  type PgPool,
  type PgTransaction,
} from "./pg_executor.ts";
import { defaultOnError } from "../core/default_on_error.ts";
import { migratePostgres } from "./sql/postgres_migrate.ts";
import type { PostgresTableOptions } from "./sql/postgres_names.ts";
import {
  createPostgresProvider,
  type PostgresOptions,
  type PostgresOrdering,
  type PostgresProvider,
} from "./sql/postgres_provider.ts";
import { report } from "./report.ts";

export type {
  PgClient,
  PgConnection,
  PgPool,
  PgTransaction,
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
  /**
   * A pool, or one connection that is connected: then everything takes turns.
   * Or the promise of one.
   */
  client: PgClient | Promise<PgClient>;
};

/** Options of {@linkcode migrate}. */
export type MigrateOptions = PostgresTableOptions & {
  /** A pool or a connection, directly to the server rather than to PgBouncer. */
  client: PgClient | Promise<PgClient>;
  /** Return the statements, and run none. @default {false} */
  print?: boolean;
};

/** Options of {@linkcode migrateClient}. */
export type MigrateClientOptions = Omit<MigrateOptions, "client"> & {
  /** A connection that is connected. */
  client: PgConnection;
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
 * import { createProvider, migrate } from "evtstore/provider/pg";
 * import { Pool } from "pg";
 *
 * const client = new Pool({ connectionString: "postgres://localhost/bank" });
 * await migrate({ client });
 * const provider = createProvider({ client });
 * ```
 */
export function createProvider<E extends Event = any>(
  options: Options,
): PostgresProvider<E, PgTransaction> {
  const { client, onError = defaultOnError } = options;
  const executor = new PgExecutor(client, (error) => report(onError, error));
  return createPostgresProvider<E, PgTransaction>(executor, options);
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
 * const statements = await migrate({ client, print: true });
 * ```
 */
export function migrate(
  options: MigrateOptions & { print: true },
): Promise<string[]>;
/** Makes or upgrades the tables, as above. */
export function migrate(
  options: MigrateOptions & { print?: false },
): Promise<void>;
export async function migrate(
  options: MigrateOptions,
): Promise<string[] | void> {
  return await migratePostgres(
    new PgExecutor(options.client, () => {}),
    options,
  );
}

/** The name of {@linkcode migrate} in evtstore 12, for a pool. */
export function migratePool(options: MigrateOptions): Promise<void> {
  return migrate({ ...options, print: false });
}

/** The name of {@linkcode migrate} in evtstore 12, for one connection. */
export function migrateClient(options: MigrateClientOptions): Promise<void> {
  return migrate({ ...options, print: false });
}
