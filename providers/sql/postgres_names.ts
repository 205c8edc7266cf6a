import { StoreError } from "../../core/errors.ts";

/** The most bytes of a name; PostgreSQL cuts longer ones off in silence. */
const MAX_IDENTIFIER_BYTES = 63;

/** The names of the tables, quoted. */
export type PostgresTables = {
  /** The log. */
  events: PostgresTable;
  /** Where each handler stands. */
  bookmarks: PostgresTable;
  /** Small documents beside the log. */
  records: PostgresTable;
};

/** A table, as the application named it. */
export type PostgresTable = {
  /** As the option says it, for messages. */
  given: string;
  /** For statements: `"schema"."table"`, or `"table"` in the search path. */
  quoted: string;
  /** The name without its schema. */
  name: string;
};

/** What the tables are called, as an option of every PostgreSQL provider. */
export type PostgresTableOptions = {
  /**
   * The table of events: `table`, `schema.table`, or with the parts in double
   * quotes where a name has a dot in it.
   *
   * @default {"events"}
   */
  events?: string;
  /** The table of bookmarks. @default {"bookmarks"} */
  bookmarks?: string;
  /** The table of records. @default {"events_records"}, after `events` */
  records?: string;
};

/**
 * The names of the tables, checked and quoted.
 *
 * @throws {StoreError} `INVALID_INPUT`.
 */
export function toTables(options: PostgresTableOptions): PostgresTables {
  const { events = "events", bookmarks = "bookmarks" } = options;
  const table = toTable("events", events);
  return {
    events: table,
    bookmarks: toTable("bookmarks", bookmarks),
    records: options.records === undefined
      ? toTable("records", recordsOf(events))
      : toTable("records", options.records),
  };
}

/** A name, so that nothing in it is read as SQL. */
export function quoteIdentifier(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}

/**
 * The name of an index. PostgreSQL would cut the end off a long one, which is
 * where the names of two indexes differ.
 */
export function indexName(table: string, suffix: string): string {
  const encoder = new TextEncoder();
  let start = table;
  while (
    encoder.encode(`${start}_${suffix}`).length > MAX_IDENTIFIER_BYTES
  ) {
    start = [...start].slice(0, -1).join("");
  }
  return `${start}_${suffix}`;
}

function recordsOf(events: string): string {
  return events.endsWith('"')
    ? `${events.slice(0, -1)}_records"`
    : `${events}_records`;
}

// A part of the name: in double quotes, or anything without a dot.
const PART = /^(?:"((?:[^"]|"")+)"|([^.]+))(?:\.|$)/;

function toTable(option: string, given: unknown): PostgresTable {
  if (typeof given !== "string" || !given.isWellFormed()) {
    throw invalid(option, "to be the name of a table", given);
  }
  const parts: string[] = [];
  let rest = given;
  while (rest !== "") {
    const [all, quoted, plain] = PART.exec(rest) ?? [];
    const part = quoted?.replaceAll('""', '"') ?? plain;
    if (all === undefined || part === undefined) break;
    parts.push(part);
    rest = rest.slice(all.length);
  }
  const isWhole = rest === "" && !given.endsWith(".");
  const name = parts.at(-1);
  if (!isWhole || name === undefined || parts.length > 2) {
    throw invalid(option, 'to be "table" or "schema.table"', given);
  }
  for (const part of parts) {
    const bytes = new TextEncoder().encode(part).length;
    if (bytes > MAX_IDENTIFIER_BYTES || part.includes("\0")) {
      throw invalid(
        option,
        `to have names of at most ${MAX_IDENTIFIER_BYTES} bytes without NUL`,
        given,
      );
    }
  }
  return { given, quoted: parts.map(quoteIdentifier).join("."), name };
}

function invalid(field: string, wish: string, found: unknown): StoreError {
  return new StoreError(
    "INVALID_INPUT",
    `Expected ${field} ${wish}: got ${String(found).slice(0, 80)}`,
    { field },
  );
}
