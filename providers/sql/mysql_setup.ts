import { StoreError } from "../../core/errors.ts";
import type { MysqlOrdering } from "./mysql_append_statements.ts";
import { createStatements, type MysqlStatements } from "./mysql.ts";

import type { MysqlSession } from "./mysql_executor.ts";
import type { MysqlTable, MysqlTables } from "./mysql_names.ts";

/** A column, as the server describes it. */
export type MysqlColumn = {
  Field: string;
  Type: string;
  Collation: string | null;
  Null: "YES" | "NO";
  Key: string;
  Extra: string;
  Comment: string;
};

/** What was found out about the server and the tables. */
export type MysqlSetup = {
  /** The statements for both. */
  statements: MysqlStatements;
  /** Whether INSERT tells the positions of its rows. */
  hasReturning: boolean;
  /** Where the time zone of times is known. */
  timestamps: "utc" | "client";
  /** Whether two names that differ are never the same to the server. */
  isExact: boolean;
};

/** The comment of a column of times that are stored as UTC. */
export const UTC_COMMENT = "UTC";

/** Collations that tell every two texts apart: others fold case, or pad. */
const EXACT_COLLATION = /^(utf8mb4_(uca\d+_)?nopad_bin|utf8mb4_0900_bin)$/;

/**
 * Looks at the server and the tables.
 *
 * @throws {StoreError} `NOT_MIGRATED` if a column is missing. Of a table that
 * is, the server's own error.
 */
export async function inspectSetup(
  session: MysqlSession,
  tables: MysqlTables,
  ordering: MysqlOrdering,
): Promise<MysqlSetup> {
  const events = await columnsOf(session, tables.events);
  const bookmarks = await columnsOf(session, tables.bookmarks);
  const missing = ["metadata", "command_id"].find((name) => !events.has(name));
  if (missing !== undefined) throw notMigrated(tables.events, missing);
  const lock = await session.query(
    `SELECT id FROM ${tables.lock.quoted} WHERE id = 1`,
  );
  if (lock.length === 0) throw notMigrated(tables.lock, "its row");
  const hasReturning = await isMariadb(session);
  const timestamps = events.get("timestamp")?.Comment === UTC_COMMENT
    ? "utc"
    : "client";
  return {
    statements: createStatements(tables, {
      ordering,
      hasReturning,
      timestamps,
    }),
    hasReturning,
    timestamps,
    isExact: [
      events.get("stream"),
      events.get("aggregate_id"),
      bookmarks.get("bookmark"),
    ].every(isExact),
  };
}

/** The columns of a table that exists. */
export async function columnsOf(
  session: MysqlSession,
  table: MysqlTable,
): Promise<Map<string, MysqlColumn>> {
  const rows = await session.query<MysqlColumn>(
    `SHOW FULL COLUMNS FROM ${table.quoted}`,
  );
  return new Map(rows.map((row) => [row.Field.toLowerCase(), row]));
}

/** Whether a column tells every two texts apart. */
export function isExact(column: MysqlColumn | undefined): boolean {
  return EXACT_COLLATION.test(column?.Collation ?? "");
}

/** Whether it is MariaDB, which has some things that MySQL has not. */
export async function isMariadb(session: MysqlSession): Promise<boolean> {
  const [row] = await session.query<{ version: string }>(
    "SELECT VERSION() AS version",
  );
  return /mariadb/i.test(row?.version ?? "");
}

/**
 * Refuses a connection whose settings would lose or change what is stored.
 *
 * @throws {StoreError} `NOT_SUPPORTED`, naming the setting.
 */
export async function checkSession(session: MysqlSession): Promise<void> {
  const [settings] = await session.query<{ mode: string; charset: string }>(
    "SELECT @@SESSION.sql_mode AS mode, @@SESSION.character_set_client AS charset",
  );
  const modes = (settings?.mode ?? "").split(",");
  // Drivers paste values into the text, and escape them by backslashes.
  if (modes.includes("NO_BACKSLASH_ESCAPES")) {
    throw refusal(
      "sql_mode has NO_BACKSLASH_ESCAPES, under which the driver's escapes are none and a value could end the text it stands in; take it out",
    );
  }
  if (
    !modes.includes("STRICT_TRANS_TABLES") &&
    !modes.includes("STRICT_ALL_TABLES")
  ) {
    throw refusal(
      "sql_mode is not strict, so the server would cut what is too long without an error; add STRICT_TRANS_TABLES",
    );
  }
  if (settings?.charset !== "utf8mb4") {
    throw refusal(
      `it speaks ${settings?.charset}, which cannot carry every text; connect with charset: "utf8mb4"`,
    );
  }
}

/**
 * Refuses a connection that leaves transactions open by itself.
 *
 * @throws {StoreError} `NOT_SUPPORTED`.
 */
export async function checkAutocommit(session: MysqlSession): Promise<void> {
  const [settings] = await session.query<{ autocommit: number }>(
    "SELECT @@SESSION.autocommit AS autocommit",
  );
  if (Number(settings?.autocommit) === 1) return;
  throw refusal(
    "autocommit is off, so what is stored would not be committed; set autocommit = 1",
  );
}

function refusal(reason: string): StoreError {
  return new StoreError(
    "NOT_SUPPORTED",
    `Cannot use this connection of the database: ${reason}`,
  );
}

function notMigrated(table: MysqlTable, missing: string): StoreError {
  return new StoreError(
    "NOT_MIGRATED",
    `Cannot use table ${table.quoted}: ${missing} is missing; run migrate() of this provider first`,
  );
}
