import type { DatabaseSync } from "node:sqlite";
import { StoreError } from "../core/errors.ts";
import { checkName } from "../core/validation.ts";
import type { SqliteTables } from "./sql/sqlite.ts";
import type { SqliteSource } from "./sqlite_connection.ts";

/** Where the database is, and what its tables are called. */
export type SqliteDatabaseOptions =
  & {
    /** The table of events. @default {"events"} */
    events?: string;
    /** The table of bookmarks. @default {"bookmarks"} */
    bookmarks?: string;
    /** The table of records. @default {"events_records"}, after `events` */
    records?: string;
  }
  & (
    | {
      /** The file; connections to it are opened at the first use. */
      path: string;
      client?: never;
    }
    | {
      /**
       * An open connection, which becomes the one that writes. It is needed for
       * a database in memory. Its transactions belong to the provider.
       */
      client: DatabaseSync;
      path?: never;
    }
  );

/**
 * Where the options say that the database is.
 *
 * @throws {StoreError} `INVALID_INPUT`.
 */
export function toSource(
  { path, client }: SqliteDatabaseOptions,
): SqliteSource {
  if (client !== undefined && path === undefined) return { client };
  if (path === ":memory:" || path === "") {
    throw invalid(
      "path",
      'Cannot open a database in memory by its path, as two connections would be two databases: pass { client: new DatabaseSync(":memory:") } instead',
    );
  }
  if (typeof path !== "string" || client !== undefined) {
    throw invalid(
      "path",
      'Expected either "path", the file of the database, or "client", an open DatabaseSync',
    );
  }
  return { path };
}

/**
 * The names of the tables, checked.
 *
 * @throws {StoreError} `INVALID_INPUT`.
 */
export function toTables(options: SqliteDatabaseOptions): SqliteTables {
  const { events = "events", bookmarks = "bookmarks" } = options;
  const { records = `${events}_records` } = options;
  checkName("events", events);
  checkName("bookmarks", bookmarks);
  checkName("records", records);
  return { events, bookmarks, records };
}

function invalid(field: string, message: string): StoreError {
  return new StoreError("INVALID_INPUT", message, { field });
}
