import { StoreError } from "../core/errors.ts";
import {
  type SqliteDatabaseOptions,
  toSource,
  toTables,
} from "./sqlite_database.ts";
import type { SqliteTables } from "./sql/sqlite.ts";
import { createMigration } from "./sql/sqlite_schema.ts";
import {
  fileOf,
  openDatabase,
  openFile,
  SqliteConnection,
  type SqliteSource,
} from "./sqlite_connection.ts";
import {
  foreignTransaction,
  patiently,
  toStoreError,
} from "./sqlite_errors.ts";

const USE_WAL = "PRAGMA journal_mode = WAL";

/** Options of {@linkcode migrate}. */
export type SqliteMigrateOptions = SqliteDatabaseOptions & {
  /** Return the statements, and run none. @default {false} */
  print?: boolean;
};

/**
 * Makes the tables that `createProvider` needs, and brings those that
 * evtstore 12 made by knex to what it needs. It only adds, in one transaction:
 * every event, version and bookmark stays, it can run twice, and whoever uses
 * the tables can go on meanwhile. A file is set to write-ahead logging.
 *
 * @throws {StoreError} `STORE_FAILED` if a table of that name belongs to
 * something else; `STORE_BUSY` and the others as `createProvider`.
 *
 * @example
 * ```ts
 * import { migrate } from "evtstore/provider/sqlite";
 * import { DatabaseSync } from "node:sqlite";
 * import assert from "node:assert/strict";
 *
 * const client = new DatabaseSync(":memory:");
 * const statements = await migrate({ client, events: "log", print: true });
 * assert.match(statements[0]!, /^CREATE TABLE IF NOT EXISTS "log"/);
 *
 * await migrate({ client, events: "log" });
 * assert.deepEqual(await migrate({ client, events: "log", print: true }), []);
 * ```
 */
export function migrate(
  options: SqliteMigrateOptions & { print: true },
): Promise<string[]>;
/** Makes or upgrades the tables, as above. */
export function migrate(
  options: SqliteMigrateOptions & { print?: false },
): Promise<void>;
export async function migrate(
  options: SqliteMigrateOptions,
): Promise<string[] | void> {
  const source = toSource(options);
  const tables = toTables(options);
  try {
    if (options.print) return await printMigration(source, tables);
    await runMigration(source, tables);
  } catch (error) {
    throw toStoreError("migrate", error, { path: options.path });
  }
}

// Runs the statements that are missing, in one transaction.
async function runMigration(
  source: SqliteSource,
  tables: SqliteTables,
): Promise<void> {
  const connection = "path" in source
    ? await openFile(source.path)
    : new SqliteConnection(source.client);
  try {
    // It cannot be set in a transaction, and stays with the file.
    await patiently("migrate", () => {
      if (connection.inTransaction) throw foreignTransaction("migrate");
      connection.get(USE_WAL);
    });
    await patiently("migrate", () => {
      connection.begin();
      try {
        addMissing(connection, tables);
        connection.run("COMMIT");
      } catch (error) {
        connection.rollback();
        throw error;
      }
    });
  } finally {
    if ("path" in source) connection.database.close();
  }
}

async function printMigration(
  source: SqliteSource,
  tables: SqliteTables,
): Promise<string[]> {
  const connection = "path" in source
    ? openToLook(source.path)
    : new SqliteConnection(source.client);
  try {
    return await patiently("migrate", () => {
      const mode = connection.get<{ journal_mode: string }>(
        "PRAGMA journal_mode",
      );
      const needsWal = "path" in source || fileOf(connection) !== "";
      return [
        ...(needsWal && mode!.journal_mode !== "wal" ? [USE_WAL] : []),
        ...missing(connection, tables),
      ];
    });
  } finally {
    if ("path" in source) connection.database.close();
  }
}

function addMissing(connection: SqliteConnection, tables: SqliteTables): void {
  for (const statement of missing(connection, tables)) {
    connection.run(statement);
  }
  // IF NOT EXISTS passes over another index or table of that name.
  const [left] = missing(connection, tables);
  if (left) {
    throw new StoreError(
      "STORE_FAILED",
      `Cannot migrate: its name is taken by something else in the database: ${left}`,
    );
  }
}

function missing(connection: SqliteConnection, tables: SqliteTables): string[] {
  return createMigration(
    tables,
    (sql, table) => connection.all(sql, table),
  );
}

// A file that does not exist is not made by looking at it.
function openToLook(path: string): SqliteConnection {
  try {
    return new SqliteConnection(openDatabase(path, true));
  } catch {
    return new SqliteConnection(openDatabase(":memory:", false));
  }
}
