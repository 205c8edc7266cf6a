import type { MysqlTables } from "./mysql_names.ts";
import type { MysqlTimestamps } from "./mysql_rows.ts";

/** How positions are made to appear in order. */
export type MysqlOrdering = "horizon" | "serialized";

/** What the statements depend on, beside the tables. */
export type MysqlFeatures = {
  /** How positions are made to appear in order. */
  ordering: MysqlOrdering;
  /** Whether INSERT tells the positions of its rows (MariaDB 10.5). */
  hasReturning: boolean;
  /** Where the time zone of the column of times is known. */
  timestamps: MysqlTimestamps;
};

/** The statements that append, and what each is bound to. */
export type MysqlAppendStatements = {
  /**
   * For each event: stream, aggregate id, version, timestamp, event, metadata,
   * command id. With `hasReturning` → `position`, `version`.
   */
  insertEvents(events: number): string;
  /**
   * For each event as `insertEvents` → `position`, `version`, `stream`,
   * `aggregate_id`. MariaDB: who would wait for a lock is refused.
   */
  insertCommits(events: number): string;
  /**
   * For each aggregate: stream, aggregate id → `version`, `stream`,
   * `aggregate_id` of the newest.
   */
  selectVersions(aggregates: number): string;
  /** stream, aggregate id, first version, number → `position`, by version. */
  selectPositions: string;
  /** position. */
  deleteEvent: string;
  /** stream, aggregate id → `version`, `stream`, `aggregate_id` of the newest. */
  selectVersion: string;
  /** As `selectVersion`, of what is committed now, not of a snapshot. */
  selectCurrentVersion: string;
  /** stream, aggregate id, command id → as `selectVersion`, of its first event. */
  selectCommand: string;
  /** As `selectCommand`, of what is committed now. */
  selectCurrentCommand: string;
};

/** Writes the statements that append. */
export function createAppendStatements(
  tables: MysqlTables,
  { ordering, hasReturning }: MysqlFeatures,
): MysqlAppendStatements {
  const events = tables.events.quoted;

  // Locked before the row is written, so before its position is drawn, and
  // until its transaction has ended.
  const turn = `(
          SELECT 0
          FROM ${tables.lock.quoted}
          WHERE id = 1
          ${ordering === "serialized" ? "FOR UPDATE" : "LOCK IN SHARE MODE"}
        )`;
  const insert = (count: number) => `
      INSERT INTO ${events} (
        stream,
        aggregate_id,
        version,
        timestamp,
        event,
        metadata,
        command_id
      )
      VALUES
        (?, ?, ${turn} + ?, ?, ?, ?, ?)${
    ",\n        (?, ?, ?, ?, ?, ?, ?)".repeat(count - 1)
  }`;
  const selectVersion = `
      SELECT version, stream, aggregate_id
      FROM ${events}
      WHERE stream = ? AND aggregate_id = ?
      ORDER BY version DESC
      LIMIT 1`;
  // A turn is waited for, and a second is the least; a row is not.
  const patience = ordering === "serialized" ? 1 : 0;
  const selectCommand = `
      SELECT version, stream, aggregate_id
      FROM ${events}
      WHERE stream = ? AND aggregate_id = ? AND command_id = ?`;

  return {
    // All events or none. It relies on the unique indexes of (stream,
    // aggregate_id, version) and of the command id; what they refuse undoes
    // this statement alone, and a transaction of the caller stays usable.
    insertEvents: (count) =>
      insert(count) +
      (hasReturning ? "\n      RETURNING position, version" : ""),

    insertCommits: (count) => `
      SET STATEMENT innodb_lock_wait_timeout = ${patience} FOR${insert(count)}
      RETURNING position, version, stream, aggregate_id`,

    selectVersions: (count) =>
      Array(count).fill(`(${selectVersion}
      )`).join("\n      UNION ALL "),

    selectPositions: `
      SELECT position
      FROM ${events}
      WHERE stream = ? AND aggregate_id = ? AND version >= ?
      ORDER BY version
      LIMIT ?`,

    deleteEvent: `
      DELETE FROM ${events}
      WHERE position = ?`,

    selectVersion,
    selectCurrentVersion: `${selectVersion}
      LOCK IN SHARE MODE`,
    selectCommand,
    selectCurrentCommand: `${selectCommand}
      LOCK IN SHARE MODE`,
  };
}
