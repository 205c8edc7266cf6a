/**
 * Events in the database that an application uses through Knex: PostgreSQL
 * (client `pg`), MySQL 8.0.17 and MariaDB 10.6 or newer (`mysql2`, `mysql`),
 * and SQLite (`better-sqlite3`, `sqlite3`). The tables and the order are those
 * of the providers pg and sqlite; an application can change from one to
 * another without a migration.
 *
 * Order: on PostgreSQL and MySQL a reader waits for whoever is writing, as the
 * database shows by its locks; a MariaDB that does not show them
 * (`performance_schema = ON`, instrument `wait/lock/metadata/sql/mdl`) can be
 * trusted only with writers of this library, and `onError` is told so. SQLite
 * writes one after the other. It has every capability of a provider.
 *
 * It does not work on CockroachDB, Redshift, Microsoft SQL Server and Oracle.
 *
 * @module
 */
import type { Knex } from "knex";
import type { Event } from "../core/event.ts";
import type { ErrorCallback, FullProvider } from "../core/provider.ts";
import {
  createBackend,
  type KnexOrdering,
  migrateBackend,
} from "./knex_backend.ts";
import { toSource } from "./knex_tables.ts";
import { defaultOnError } from "../core/default_on_error.ts";

export type { KnexOrdering };

/** A bookmark as its row. */
export type Bookmark = {
  /** Its name. */
  bookmark: string;
  /** Where it stands. */
  position: number;
};

/** What both forms of {@linkcode createProvider} take. */
export type SharedOptions = {
  /** The table of records. @default {"events_records"}, after `events` */
  records?: string;
  /** The most events that a read returns. @default {unlimited} */
  limit?: number;
  /** Called with every failure that has no caller; a warning unless given. */
  onError?: ErrorCallback;
  /**
   * How positions are made to appear in order on PostgreSQL and MySQL.
   * `"horizon"`: readers wait for whoever is writing to the table.
   * `"serialized"`: writers of this library write one after the other, which is
   * slower and does not cover writers that are not this library; needed to read
   * on a replica. The same for all processes.
   *
   * @default {"horizon"}
   */
  ordering?: KnexOrdering;
  /**
   * On PostgreSQL, wake the handlers of other processes by NOTIFY, and have a
   * connection of its own LISTEN for those of this one while one runs: within
   * some milliseconds, instead of by a look at the log each 50 ms. It costs some
   * throughput of appends. All processes should have it: of those that do not,
   * this one learns within a second.
   *
   * @default {false}
   */
  notify?: boolean;
  /**
   * How long a transaction of `transact` may lie idle before PostgreSQL or
   * MySQL ends it, in milliseconds.
   *
   * @default {30000}
   */
  transactionTimeoutMs?: number;
};

/** Options of {@linkcode createProvider}, as evtstore 12 took them. */
export type Options = SharedOptions & {
  /** Begins a query on the table of events: `() => knex.table("events")`. */
  events: () => Knex.QueryBuilder<any, any>;
  /** Begins a query on the table of bookmarks. */
  bookmarks: () => Knex.QueryBuilder<any, any>;
  client?: never;
};

/** Options of {@linkcode createProvider}, by name. */
export type ClientOptions = SharedOptions & {
  /** Knex, connected to the database. */
  client: Knex;
  /** The table of events: `table`, or `schema.table`. @default {"events"} */
  events?: string;
  /** The table of bookmarks. @default {"bookmarks"} */
  bookmarks?: string;
};

/** Options of {@linkcode migrate}. */
export type MigrateOptions = {
  /** Knex, connected to the database. */
  client: Knex;
  /** The table of events: `table`, or `schema.table`. @default {"events"} */
  events?: string;
  /** The table of bookmarks. @default {"bookmarks"} */
  bookmarks?: string;
  /** The table of records. @default {"events_records"}, after `events` */
  records?: string;
  /** Return the statements, and run none. @default {false} */
  print?: boolean;
  /**
   * On MySQL, also give the columns that evtstore 12 made their full size:
   * events over 64 KB, times with milliseconds, ids told apart by case and
   * spaces. It copies the table while writers wait.
   *
   * @default {false}
   */
  rebuild?: boolean;
};

/** What {@linkcode createProvider} returns: a provider that can do everything. */
export type KnexProvider<E extends Event> = FullProvider<E, Knex.Transaction>;

/**
 * Stores events through Knex. The database is not used before the first call,
 * and the tables must have been made by `migrate`.
 *
 * Every method rejects with a `StoreError`: `NOT_MIGRATED`, `NOT_SUPPORTED`,
 * `CONNECTION_LOST`, `OUTCOME_UNKNOWN` (the connection was lost while an append
 * was under way), `TRANSACTION_CONFLICT`, `TRANSACTION_ENDED`, `LOCK_TIMEOUT`,
 * `STORE_BUSY`, `STORE_FULL`, `STORE_CLOSED`, `READ_ONLY`, `NAME_COLLISION`, or
 * `STORE_FAILED` with the driver's error as its cause.
 *
 * @throws {StoreError} `INVALID_INPUT`, naming the option.
 *
 * @example
 * ```ts ignore
 * import { createProvider, migrate } from "evtstore/provider/knex";
 * import knex from "knex";
 *
 * const client = knex({ client: "mysql2", connection: process.env.MYSQL_URL });
 * await migrate({ client });
 * const provider = createProvider({ client, events: "events" });
 * ```
 */
export function createProvider<E extends Event = any>(
  options: Options | ClientOptions,
): KnexProvider<E> {
  const { limit, onError = defaultOnError } = options;
  let backend: KnexProvider<E> | undefined;
  // The application may connect after it has made its provider.
  const use = (): KnexProvider<E> =>
    backend ??= createBackend<E>(toSource(options), options, onError);
  if (options.client !== undefined) use();
  return {
    driver: "knex",
    ...(limit === undefined ? {} : { limit }),
    onError,
    getPosition: async (bookmark) => await use().getPosition(bookmark),
    setPosition: async (...args) => await use().setPosition(...args),
    getEventsFrom: async (...args) => await use().getEventsFrom(...args),
    getEventsFor: async (...args) => await use().getEventsFor(...args),
    getLastEventFor: async (...args) => await use().getLastEventFor(...args),
    createEvents: (...args) => use().createEvents(...args),
    append: async (...args) => await use().append(...args),
    watch: (listener) => use().watch(listener),
    transact: async (work) => await use().transact(work),
    records: {
      get: async (...args) => await use().records.get(...args),
      list: async (...args) => await use().records.list(...args),
      due: async (...args) => await use().records.due(...args),
      put: async (...args) => await use().records.put(...args),
      remove: async (...args) => await use().records.remove(...args),
    },
    findCommand: async (...args) => await use().findCommand(...args),
    horizon: async () => await use().horizon(),
    hold: async (...args) => await use().hold(...args),
    catalog: {
      streams: async () => await use().catalog.streams(),
      bookmarks: async () => await use().catalog.bookmarks(),
      commands: async (...args) => await use().catalog.commands(...args),
    },
  };
}

/**
 * Makes the tables that `createProvider` needs, and brings those that
 * evtstore 12 made to what it needs. It only adds: every event, version and
 * bookmark stays, it can run twice, and whoever uses the tables can go on
 * meanwhile.
 *
 * @throws {StoreError} `STORE_FAILED` if a table of that name belongs to
 * something else; the others as `createProvider`.
 *
 * @example
 * ```ts ignore
 * import { migrate } from "evtstore/provider/knex";
 *
 * const statements = await migrate({ client, events: "log", print: true });
 * console.log(statements.join(";\n"));
 * await migrate({ client, events: "log" });
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
  const { print = false, rebuild = false } = options;
  const source = toSource(options);
  const statements = await migrateBackend(source, { print, rebuild });
  if (print) return statements;
}
