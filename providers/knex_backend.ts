import type { Knex } from "knex";
import { StoreError } from "../core/errors.ts";
import type { Event } from "../core/event.ts";
import type { ErrorCallback, FullProvider } from "../core/provider.ts";
import { checkName } from "../core/validation.ts";
import { dialectOf } from "./knex_client.ts";
import { KnexMysqlExecutor } from "./knex_mysql.ts";
import { KnexPostgresExecutor } from "./knex_postgres.ts";
import { createSqliteProvider, migrateSqlite } from "./knex_sqlite.ts";
import type { KnexSource } from "./knex_tables.ts";
import { migrateMysql } from "./sql/mysql_migrate.ts";
import { toTables as toMysqlTables } from "./sql/mysql_names.ts";
import { createMysqlProvider } from "./sql/mysql_provider.ts";
import { migratePostgres } from "./sql/postgres_migrate.ts";
import type { PostgresTableOptions } from "./sql/postgres_names.ts";
import { createPostgresProvider } from "./sql/postgres_provider.ts";
import type { SqliteTables } from "./sql/sqlite.ts";

/** How positions are made to appear in order. */
export type KnexOrdering = "horizon" | "serialized";

/** What a database is used with. */
export type BackendOptions = {
  /** The most events that a read returns. */
  limit?: number;
  /** How positions are made to appear in order. */
  ordering?: KnexOrdering;
  /** How long a transaction may lie idle, in milliseconds. */
  transactionTimeoutMs?: number;
  /** Wake other processes by NOTIFY, on PostgreSQL. */
  notify?: boolean;
};

/** A provider of the database that the client is connected to. */
export type Backend<E extends Event> = FullProvider<E, Knex.Transaction>;

/** Makes the provider of the database that the client is connected to. */
export function createBackend<E extends Event>(
  source: KnexSource,
  options: BackendOptions,
  onError: ErrorCallback,
): Backend<E> {
  const { client } = source;
  const { limit, ordering = "horizon", transactionTimeoutMs = 30_000 } =
    options;
  const { notify = false } = options;
  checkOptions(ordering, transactionTimeoutMs);
  switch (dialectOf(client)) {
    case "mysql":
      return createMysqlProvider<E, Knex.Transaction>(
        new KnexMysqlExecutor(client),
        {
          tables: toMysqlTables(source),
          limit,
          onError,
          ordering,
          transactionTimeoutMs,
        },
      );
    case "postgres":
      return createPostgresProvider<E, Knex.Transaction>(
        new KnexPostgresExecutor(client),
        {
          ...toPostgresTables(source),
          ...(limit === undefined ? {} : { limit }),
          onError,
          ordering,
          transactionTimeoutMs,
          notify,
        },
      );
    case "sqlite":
      return createSqliteProvider<E>(client, {
        tables: toSqliteTables(source),
        limit,
        onError,
      });
  }
}

/**
 * Makes or upgrades the tables.
 *
 * @returns The statements, with `print`.
 */
export async function migrateBackend(
  source: KnexSource,
  options: { print: boolean; rebuild: boolean },
): Promise<string[]> {
  const { client } = source;
  const { print } = options;
  switch (dialectOf(client)) {
    case "mysql":
      return await migrateMysql(
        new KnexMysqlExecutor(client),
        toMysqlTables(source),
        options,
      );
    case "postgres":
      return await migratePostgres(new KnexPostgresExecutor(client), {
        ...toPostgresTables(source),
        print,
      }) ?? [];
    case "sqlite":
      return await migrateSqlite(client, toSqliteTables(source), print);
  }
}

function toPostgresTables(source: KnexSource): PostgresTableOptions {
  const { events, bookmarks, records } = source;
  return {
    ...(events === undefined ? {} : { events }),
    ...(bookmarks === undefined ? {} : { bookmarks }),
    ...(records === undefined ? {} : { records }),
  };
}

function toSqliteTables(source: KnexSource): SqliteTables {
  const { events = "events", bookmarks = "bookmarks" } = source;
  const { records = `${events}_records` } = source;
  checkName("events", events);
  checkName("bookmarks", bookmarks);
  checkName("records", records);
  return { events, bookmarks, records };
}

function checkOptions(ordering: unknown, transactionTimeoutMs: number): void {
  if (ordering !== "horizon" && ordering !== "serialized") {
    throw invalid("ordering", 'to be "horizon" or "serialized"', ordering);
  }
  if (!Number.isSafeInteger(transactionTimeoutMs) || transactionTimeoutMs < 1) {
    throw invalid(
      "transactionTimeoutMs",
      "to be a whole number from 1",
      transactionTimeoutMs,
    );
  }
}

function invalid(field: string, wish: string, found: unknown): StoreError {
  return new StoreError(
    "INVALID_INPUT",
    `Expected ${field} ${wish}: got ${String(found)}`,
    { field },
  );
}
