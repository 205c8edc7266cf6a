import { StoreError } from "../../core/errors.ts";
import type { MysqlSession } from "./mysql_executor.ts";
import {
  indexName,
  type MysqlTable,
  type MysqlTables,
  quoteIdentifier,
} from "./mysql_names.ts";
import {
  columnsOf,
  isExact,
  isMariadb,
  type MysqlColumn,
  UTC_COMMENT,
} from "./mysql_setup.ts";

/** One change of the schema. */
export type Change = {
  /** The statement. */
  text: string;
  /** The same for a server or a table that cannot do it so cheaply. */
  otherwise?: string;
};

type Columns = Map<string, MysqlColumn>;
type Index = { isUnique: boolean; columns: string[] };
type IndexRow = {
  Key_name: string;
  Non_unique: number;
  Column_name: string | null;
};

/** There is no such table. */
const ER_NO_SUCH_TABLE = 1146;
/** Readers and writers go on while an index is made. */
const ONLINE = "ALGORITHM=INPLACE, LOCK=NONE";

/**
 * The changes that bring these tables to what the library needs; none if they
 * are so already.
 *
 * @param rebuild Also change the columns that hold less than they should, which
 * copies the table while writers wait.
 * @throws {StoreError} `STORE_FAILED` if a table of that name is no log.
 */
export async function createMigration(
  session: MysqlSession,
  tables: MysqlTables,
  rebuild: boolean,
): Promise<Change[]> {
  const collation = await isMariadb(session)
    ? "utf8mb4_nopad_bin"
    : "utf8mb4_0900_bin";
  const schema = new Schema(session, collation, rebuild);
  return [
    ...await schema.lock(tables.lock),
    ...await schema.events(tables.events),
    ...await schema.bookmarks(tables.bookmarks),
    ...await schema.records(tables.records),
  ];
}

/** Compares the tables with what they should be. */
class Schema {
  #session: MysqlSession;
  #collation: string;
  #rebuild: boolean;

  constructor(session: MysqlSession, collation: string, rebuild: boolean) {
    this.#session = session;
    this.#collation = collation;
    this.#rebuild = rebuild;
  }

  // Before the events: a writer looks for it.
  async lock(table: MysqlTable): Promise<Change[]> {
    const row = { text: `INSERT IGNORE INTO ${table.quoted} (id) VALUES (1)` };
    const columns = await this.#columns(table);
    if (columns) {
      demandColumns(table, columns, ["id"]);
      const rows = await this.#session.query(
        `SELECT id FROM ${table.quoted} WHERE id = 1`,
      );
      return rows.length === 0 ? [row] : [];
    }
    return [{
      text: `CREATE TABLE IF NOT EXISTS ${table.quoted} (
  id TINYINT NOT NULL PRIMARY KEY
) ENGINE=InnoDB`,
    }, row];
  }

  async events(table: MysqlTable): Promise<Change[]> {
    const index = (suffix: string) =>
      quoteIdentifier(indexName(table.name, suffix));
    const byVersion = `UNIQUE KEY ${
      index("stream_aggregate_id_version_unique")
    } (stream, aggregate_id, version)`;
    const byCommand = `UNIQUE KEY ${
      index("stream_aggregate_id_command_id_unique")
    } (stream, aggregate_id, command_id)`;
    const byPosition = `KEY ${index("stream_position")} (stream, position)`;
    const columns = await this.#columns(table);
    if (!columns) {
      return [{
        text: `CREATE TABLE IF NOT EXISTS ${table.quoted} (
  position BIGINT UNSIGNED NOT NULL AUTO_INCREMENT PRIMARY KEY,
  stream VARCHAR(255) NOT NULL,
  aggregate_id VARCHAR(255) NOT NULL,
  version INT NOT NULL,
  timestamp DATETIME(3) NOT NULL COMMENT '${UTC_COMMENT}',
  event LONGTEXT NOT NULL,
  metadata LONGTEXT NULL,
  command_id VARCHAR(255) NULL,
  ${byVersion},
  ${byCommand},
  ${byPosition}
) ENGINE=InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE ${this.#collation}`,
      }];
    }
    await this.#demandLog(table, columns);
    const alter = `ALTER TABLE ${table.quoted}`;
    const changes: Change[] = [];
    const added = [
      ["metadata", `metadata LONGTEXT ${this.#text} NULL`],
      ["command_id", `command_id VARCHAR(255) ${this.#text} NULL`],
    ].filter(([name]) => !columns.has(name!))
      .map(([, column]) => `ADD COLUMN ${column}`);
    if (added.length > 0) {
      changes.push({
        text: `${alter} ${added.join(", ")}, ALGORITHM=INSTANT`,
        otherwise: `${alter} ${added.join(", ")}, ${ONLINE}`,
      });
    }
    if (this.#rebuild) changes.push(...this.#rebuildEvents(table, columns));
    const indexes = await this.#indexes(table);
    const has = (isUnique: boolean, ...names: string[]) =>
      indexes.some((one) =>
        (one.isUnique || !isUnique) &&
        names.every((name, at) => one.columns[at] === name) &&
        (!isUnique || one.columns.length === names.length)
      );
    if (!has(true, "stream", "aggregate_id", "version")) {
      changes.push({ text: `${alter} ADD ${byVersion}, ${ONLINE}` });
    }
    if (!has(true, "stream", "aggregate_id", "command_id")) {
      changes.push({ text: `${alter} ADD ${byCommand}, ${ONLINE}` });
    }
    if (!has(false, "stream", "position")) {
      changes.push({ text: `${alter} ADD ${byPosition}, ${ONLINE}` });
    }
    return changes;
  }

  async bookmarks(table: MysqlTable): Promise<Change[]> {
    const columns = await this.#columns(table);
    if (columns) {
      demandColumns(table, columns, ["bookmark", "position"]);
      const name = columns.get("bookmark");
      if (!this.#rebuild || isExact(name)) return [];
      return [{
        text:
          `ALTER TABLE ${table.quoted} MODIFY bookmark VARCHAR(255) ${this.#text} NOT NULL`,
      }];
    }
    return [{
      text: `CREATE TABLE IF NOT EXISTS ${table.quoted} (
  bookmark VARCHAR(255) NOT NULL PRIMARY KEY,
  position BIGINT NOT NULL
) ENGINE=InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE ${this.#collation}`,
    }];
  }

  async records(table: MysqlTable): Promise<Change[]> {
    const columns = await this.#columns(table);
    if (columns) {
      const names = ["kind", "key", "value", "revision", "due"];
      demandColumns(table, columns, names);
      return [];
    }
    return [{
      text: `CREATE TABLE IF NOT EXISTS ${table.quoted} (
  kind VARCHAR(255) NOT NULL,
  \`key\` VARCHAR(255) NOT NULL,
  value LONGTEXT NOT NULL,
  revision BIGINT NOT NULL,
  due DOUBLE NULL,
  PRIMARY KEY (kind, \`key\`),
  KEY ${quoteIdentifier(indexName(table.name, "due"))} (kind, due, \`key\`)
) ENGINE=InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE ${this.#collation}`,
    }];
  }

  get #text(): string {
    return `CHARACTER SET utf8mb4 COLLATE ${this.#collation}`;
  }

  // One ALTER, as each copies the table. What a column held it holds still:
  // times keep the client's time zone.
  #rebuildEvents(table: MysqlTable, columns: Columns): Change[] {
    const nullable = (name: string) =>
      columns.get(name)?.Null === "YES" ? "NULL" : "NOT NULL";
    const changed: string[] = [];
    for (const name of ["stream", "aggregate_id"]) {
      if (isExact(columns.get(name))) continue;
      changed.push(
        `MODIFY ${name} VARCHAR(255) ${this.#text} ${nullable(name)}`,
      );
    }
    if (!isLargeText(columns.get("event"))) {
      changed.push(`MODIFY event LONGTEXT ${this.#text} ${nullable("event")}`);
    }
    if (/^datetime$/i.test(columns.get("timestamp")?.Type ?? "")) {
      changed.push(`MODIFY timestamp DATETIME(3) ${nullable("timestamp")}`);
    }
    return changed.length === 0
      ? []
      : [{ text: `ALTER TABLE ${table.quoted} ${changed.join(", ")}` }];
  }

  async #columns(table: MysqlTable): Promise<Columns | undefined> {
    try {
      return await columnsOf(this.#session, table);
    } catch (error) {
      if ((error as { errno?: unknown }).errno === ER_NO_SUCH_TABLE) return;
      throw error;
    }
  }

  async #indexes(table: MysqlTable): Promise<Index[]> {
    const rows = await this.#session.query<IndexRow>(
      `SHOW INDEX FROM ${table.quoted}`,
    );
    const indexes = new Map<string, Index>();
    for (const row of rows) {
      const index = indexes.get(row.Key_name) ??
        { isUnique: Number(row.Non_unique) === 0, columns: [] };
      index.columns.push(row.Column_name?.toLowerCase() ?? "");
      indexes.set(row.Key_name, index);
    }
    return [...indexes.values()];
  }

  async #demandLog(table: MysqlTable, columns: Columns): Promise<void> {
    demandColumns(table, columns, [
      "position",
      "version",
      "stream",
      "aggregate_id",
      "timestamp",
      "event",
    ]);
    const position = columns.get("position");
    if (position?.Key !== "PRI" || !/auto_increment/i.test(position.Extra)) {
      throw new StoreError(
        "STORE_FAILED",
        `Cannot migrate table ${table.quoted}: its position is not an AUTO_INCREMENT primary key; copy its events into a table that migrate() made`,
      );
    }
    const [status] = await this.#session.query<{ ENGINE: string }>(
      `SELECT ENGINE
      FROM information_schema.TABLES
      WHERE TABLE_SCHEMA = COALESCE(?, DATABASE()) AND TABLE_NAME = ?`,
      [table.schema ?? null, table.name],
    );
    if (!/^innodb$/i.test(status?.ENGINE ?? "InnoDB")) {
      throw new StoreError(
        "STORE_FAILED",
        `Cannot migrate table ${table.quoted}: its engine ${status?.ENGINE} has no transactions; change it to InnoDB`,
      );
    }
  }
}

function isLargeText(column: MysqlColumn | undefined): boolean {
  return /^longtext/i.test(column?.Type ?? "") &&
    /^utf8mb4/.test(column?.Collation ?? "");
}

function demandColumns(
  table: MysqlTable,
  columns: Columns,
  names: string[],
): void {
  const missing = names.filter((name) => !columns.has(name));
  if (missing.length === 0) return;
  throw new StoreError(
    "STORE_FAILED",
    `Cannot migrate table ${table.quoted}: it exists without ${
      missing.join(", ")
    }, so it belongs to something else; choose another name`,
  );
}
