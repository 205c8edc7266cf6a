import { StoreError } from "../../core/errors.ts";

/** The most characters of a name. */
const MAX_IDENTIFIER = 64;

/** The names of the tables, quoted. */
export type MysqlTables = {
  /** The log. */
  events: MysqlTable;
  /** Where each handler stands. */
  bookmarks: MysqlTable;
  /** Small documents beside the log. */
  records: MysqlTable;
  /** One row, which writers share and a reader can wait for. */
  lock: MysqlTable;
};

/** A table, as the application named it. */
export type MysqlTable = {
  /** The database it is in; undefined for that of the connection. */
  schema: string | undefined;
  /** Its name in that database. */
  name: string;
  /** For statements. */
  quoted: string;
};

/** What the tables are called. */
export type MysqlTableOptions = {
  /** The table of events: `table`, or `database.table`. @default {"events"} */
  events?: string | undefined;
  /** The table of bookmarks. @default {"bookmarks"} */
  bookmarks?: string | undefined;
  /** The table of records. @default {"events_records"}, after `events` */
  records?: string | undefined;
};

/**
 * The names of the tables, checked and quoted.
 *
 * @throws {StoreError} `INVALID_INPUT`.
 */
export function toTables(options: MysqlTableOptions): MysqlTables {
  const { events = "events", bookmarks = "bookmarks" } = options;
  return {
    events: toTable("events", events),
    bookmarks: toTable("bookmarks", bookmarks),
    records: toTable("records", options.records ?? `${events}_records`),
    lock: toTable("events", `${events}_lock`),
  };
}

/** A name, so that nothing in it is read as SQL. */
export function quoteIdentifier(name: string): string {
  return `\`${name.replaceAll("`", "``")}\``;
}

/** The name of an index, no longer than the server takes it. */
export function indexName(table: string, suffix: string): string {
  const room = MAX_IDENTIFIER - suffix.length - 1;
  return `${[...table].slice(0, room).join("")}_${suffix}`;
}

function toTable(option: string, given: unknown): MysqlTable {
  const parts = typeof given === "string" && given.isWellFormed()
    ? given.split(".")
    : [];
  const [first = "", second] = parts;
  if (parts.length > 2 || parts.some((part) => !isIdentifier(part)) || !first) {
    throw new StoreError(
      "INVALID_INPUT",
      `Expected ${option} to be "table" or "database.table", of at most ${MAX_IDENTIFIER} characters each: got ${
        String(given).slice(0, 80)
      }`,
      { field: option },
    );
  }
  return {
    schema: second === undefined ? undefined : first,
    name: second ?? first,
    quoted: parts.map(quoteIdentifier).join("."),
  };
}

// Drivers that paste values into the text may take a question mark in a name
// for the place of one; MySQL knows no character beyond the basic plane here.
function isIdentifier(name: string): boolean {
  return name.length > 0 && name.length <= MAX_IDENTIFIER &&
    !/[?\0\u{10000}-\u{10FFFF}]/u.test(name) && !name.endsWith(" ");
}
