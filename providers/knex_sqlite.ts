import type { Knex } from "knex";
import { StoreError } from "../core/errors.ts";
import type { Event } from "../core/event.ts";
import type { ErrorCallback, FullProvider } from "../core/provider.ts";
import type { KnexClient } from "./knex_client.ts";
import { KnexSqliteStore, type SqliteSession } from "./knex_sqlite_store.ts";
import { checkTextWithoutNul } from "./name_input.ts";
import { checkPosition } from "./sql/mysql_rows.ts";
import type { SqliteTables } from "./sql/sqlite.ts";
import {
  createSqliteProvider as createProvider,
} from "./sql/sqlite_provider.ts";
import {
  createMigration,
  SELECT_COLUMNS,
  SELECT_INDEXES,
  SELECT_TABLE_SQL,
} from "./sql/sqlite_schema.ts";

/** Makes a provider of a client of Knex on SQLite. */
export function createSqliteProvider<E extends Event>(
  client: KnexClient,
  options: {
    tables: SqliteTables;
    limit: number | undefined;
    onError: ErrorCallback;
  },
): FullProvider<E, Knex.Transaction> {
  return createProvider<E, Knex.Transaction>(new KnexSqliteStore(client), {
    ...options,
    driver: "knex",
    checkText: checkTextWithoutNul,
    checkPosition,
  }).provider;
}

/**
 * Makes the tables, or adds to them what is missing.
 *
 * @returns The statements, with `print`.
 */
export async function migrateSqlite(
  client: KnexClient,
  tables: SqliteTables,
  print: boolean,
): Promise<string[]> {
  const store = new KnexSqliteStore(client);
  const operation = { what: "migrate" };
  if (print) {
    return await store.read(operation, (session) => missing(session, tables));
  }
  await store.write(operation, async (session) => {
    for (const statement of await missing(session, tables)) {
      await session.run(statement);
    }
    // IF NOT EXISTS passes over another index or table of that name.
    const [left] = await missing(session, tables);
    if (left) {
      throw new StoreError(
        "STORE_FAILED",
        `Cannot migrate: its name is taken by something else in the database: ${left}`,
      );
    }
  });
  return [];
}

async function missing(
  session: SqliteSession,
  tables: SqliteTables,
): Promise<string[]> {
  // The comparison does not wait, so everything is looked up before it.
  const found = new Map<string, unknown[]>();
  for (const table of Object.values(tables)) {
    for (const sql of [SELECT_COLUMNS, SELECT_INDEXES, SELECT_TABLE_SQL]) {
      found.set(`${table} ${sql}`, await session.all(sql, table));
    }
  }
  return createMigration(
    tables,
    <Row>(sql: string, table: string) =>
      (found.get(`${table} ${sql}`) ?? []) as Row[],
  );
}
