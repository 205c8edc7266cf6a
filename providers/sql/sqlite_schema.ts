import { StoreError } from "../../core/errors.ts";
import { quoteIdentifier, type SqliteTables } from "./sqlite.ts";

/** table → its columns: {@linkcode SqliteColumnRow}. */
export const SELECT_COLUMNS = `
  SELECT name, pk
  FROM pragma_table_info(?)`;

/** table → the columns of its indexes: {@linkcode SqliteIndexRow}. */
export const SELECT_INDEXES = `
  SELECT
    list.name AS "index",
    list."unique" AS is_unique,
    list.partial AS is_partial,
    info.name AS "column"
  FROM pragma_index_list(?) AS list
  JOIN pragma_index_info(list.name) AS info
  ORDER BY list.seq, info.seqno`;

/** table → `sql`, the statement that made it. */
export const SELECT_TABLE_SQL = `
  SELECT sql
  FROM sqlite_schema
  WHERE type = 'table' AND name = ? COLLATE NOCASE`;

/** A column that exists. */
export type SqliteColumnRow = { name: string; pk: number };

/** A column of an index that exists. */
export type SqliteIndexRow = {
  index: string;
  is_unique: number;
  is_partial: number;
  column: string | null;
};

/** Runs one of the statements above. */
export type SqliteInspector = <Row>(sql: string, table: string) => Row[];

/**
 * The statements that bring these tables to what the library needs; none if
 * they are so already. Nothing that exists is changed or dropped, so whoever
 * uses the tables, such as evtstore 12, can go on meanwhile.
 *
 * @throws {StoreError} `STORE_FAILED` if a table of that name is no log.
 */
export function createMigration(
  tables: SqliteTables,
  inspect: SqliteInspector,
): string[] {
  return [
    ...migrateEvents(tables.events, inspect),
    ...migrateBookmarks(tables.bookmarks, inspect),
    ...migrateRecords(tables.records, inspect),
  ];
}

// AUTOINCREMENT: the position of an event that was deleted is not given again.
function migrateEvents(table: string, inspect: SqliteInspector): string[] {
  const events = quoteIdentifier(table);
  const columns = columnsOf(table, inspect);
  const statements: string[] = [];
  if (columns.size === 0) {
    statements.push(`CREATE TABLE IF NOT EXISTS ${events} (
  position INTEGER PRIMARY KEY AUTOINCREMENT,
  stream TEXT NOT NULL,
  aggregate_id TEXT NOT NULL,
  version INTEGER NOT NULL,
  timestamp TEXT NOT NULL,
  event TEXT NOT NULL,
  metadata TEXT,
  command_id TEXT
)`);
  } else {
    demandColumns(table, columns, [
      "position",
      "version",
      "stream",
      "aggregate_id",
      "timestamp",
      "event",
    ]);
    demandPosition(table, columns, inspect);
    for (const column of ["metadata", "command_id"]) {
      if (!columns.has(column)) {
        statements.push(`ALTER TABLE ${events} ADD COLUMN ${column} TEXT`);
      }
    }
  }

  const indexes = indexesOf(table, inspect);
  const name = (suffix: string) => quoteIdentifier(`${table}_${suffix}`);
  // Two commands that decided on one version: the second is refused.
  const byVersion = indexes.some(({ unique, partial, columns }) =>
    unique && !partial && columns.join() === "stream,aggregate_id,version"
  );
  if (!byVersion) {
    statements.push(
      `CREATE UNIQUE INDEX IF NOT EXISTS ${
        name("stream_aggregate_id_version_unique")
      }
ON ${events} (stream, aggregate_id, version)`,
    );
  }
  const byPosition = indexes.some(({ partial, columns }) =>
    !partial && columns[0] === "stream" && columns[1] === "position"
  );
  if (!byPosition) {
    statements.push(`CREATE INDEX IF NOT EXISTS ${name("stream_position")}
ON ${events} (stream, position)`);
  }
  // Partial: an event without a command id takes no room in it.
  const byCommand = indexes.some(({ unique, columns }) =>
    unique && columns.join() === "stream,aggregate_id,command_id"
  );
  if (!byCommand) {
    statements.push(
      `CREATE UNIQUE INDEX IF NOT EXISTS ${
        name("stream_aggregate_id_command_id_unique")
      }
ON ${events} (stream, aggregate_id, command_id)
WHERE command_id IS NOT NULL`,
    );
  }
  return statements;
}

function migrateBookmarks(table: string, inspect: SqliteInspector): string[] {
  const columns = columnsOf(table, inspect);
  if (columns.size > 0) {
    demandColumns(table, columns, ["bookmark", "position"]);
    return [];
  }
  return [`CREATE TABLE IF NOT EXISTS ${quoteIdentifier(table)} (
  bookmark TEXT PRIMARY KEY NOT NULL,
  position INTEGER NOT NULL
)`];
}

function migrateRecords(table: string, inspect: SqliteInspector): string[] {
  const records = quoteIdentifier(table);
  const columns = columnsOf(table, inspect);
  const statements: string[] = [];
  if (columns.size > 0) {
    demandColumns(table, columns, ["kind", "key", "value", "revision", "due"]);
  } else {
    statements.push(`CREATE TABLE IF NOT EXISTS ${records} (
  kind TEXT NOT NULL,
  key TEXT NOT NULL,
  value TEXT NOT NULL,
  revision INTEGER NOT NULL,
  due INTEGER,
  PRIMARY KEY (kind, key)
)`);
  }
  const indexed = indexesOf(table, inspect).some(({ columns }) =>
    columns.join() === "kind,due,key"
  );
  if (!indexed) {
    statements.push(
      `CREATE INDEX IF NOT EXISTS ${quoteIdentifier(`${table}_due`)}
ON ${records} (kind, due, key)
WHERE due IS NOT NULL`,
    );
  }
  return statements;
}

type Columns = Map<string, SqliteColumnRow>;
type Index = { unique: boolean; partial: boolean; columns: string[] };

function columnsOf(table: string, inspect: SqliteInspector): Columns {
  const rows = inspect<SqliteColumnRow>(SELECT_COLUMNS, table);
  return new Map(rows.map((row) => [row.name.toLowerCase(), row]));
}

function indexesOf(table: string, inspect: SqliteInspector): Index[] {
  const indexes = new Map<string, Index>();
  for (const row of inspect<SqliteIndexRow>(SELECT_INDEXES, table)) {
    const index = indexes.get(row.index) ?? {
      unique: Boolean(row.is_unique),
      partial: Boolean(row.is_partial),
      columns: [],
    };
    // An expression has no name: null, which is none of those looked for.
    index.columns.push(String(row.column).toLowerCase());
    indexes.set(row.index, index);
  }
  return [...indexes.values()];
}

function demandColumns(table: string, columns: Columns, names: string[]) {
  const missing = names.filter((name) => !columns.has(name));
  if (missing.length > 0) {
    throw new StoreError(
      "STORE_FAILED",
      `Cannot migrate table "${table}": it exists without ${
        missing.join(", ")
      }, so it belongs to something else; choose another name`,
    );
  }
}

function demandPosition(
  table: string,
  columns: Columns,
  inspect: SqliteInspector,
) {
  const isKey = columns.get("position")!.pk === 1;
  // SQLite allows it to an INTEGER PRIMARY KEY only.
  const isAutoIncrement = inspect<{ sql: string }>(SELECT_TABLE_SQL, table)
    .some(({ sql }) => /\bautoincrement\b/i.test(sql));
  if (!isKey || !isAutoIncrement) {
    throw new StoreError(
      "STORE_FAILED",
      `Cannot migrate table "${table}": its position is not INTEGER PRIMARY KEY AUTOINCREMENT, so the position of a deleted event would be given again; copy its events into a table that migrate() made`,
    );
  }
}
