/**
 * The statements of MySQL and MariaDB, for every driver that speaks them.
 * Values are bound in the order of the question marks, names of tables are
 * quoted.
 *
 * Order: a position is drawn from AUTO_INCREMENT before its transaction
 * commits, so positions become visible out of order. Who inserts holds a
 * metadata lock on the table until its rows are visible, so these locks tell
 * how far the log is final, whoever writes. Where the server does not show
 * them, writers of this library share the row of a table beside the log, and a
 * reader waits for it.
 */
import {
  createHorizonStatements,
  type MysqlHorizonStatements,
} from "./mysql_horizon_statements.ts";
import type { MysqlTables } from "./mysql_names.ts";
import {
  createRecordStatements,
  type MysqlRecordStatements,
} from "./mysql_record_statements.ts";
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

/** The statements that read and write, and what each is bound to. */
export type MysqlStatements =
  & MysqlAppendStatements
  & MysqlReadStatements
  & MysqlBookmarkStatements
  & MysqlCatalogStatements
  & MysqlHorizonStatements
  & MysqlRecordStatements;

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

/** The statements that read events, and what each is bound to. */
export type MysqlReadStatements = {
  /** For each stream: stream, after, up to, limit; then limit. */
  selectEventsFrom(streams: number): string;
  /** stream, aggregate id, limit → from the first version. */
  selectEventsFor: string;
  /** after, stream, aggregate id, stream, aggregate id, after, limit. */
  selectEventsForAfter: string;
  /** stream → its newest event. */
  selectLastEvent: string;
  /** stream, aggregate id → the newest event of the aggregate. */
  selectLastEventFor: string;
};

/** The statements of the catalog, and what each is bound to. */
export type MysqlCatalogStatements = {
  /**
   * stream → `stream`, the next one that has events, or null. A statement for
   * each: of a recursive one the server reads the index to its end.
   */
  selectNextStream: string;
  /** → `stream`, each that has events, whatever the collation; it reads all. */
  selectStreams: string;
  /** after, up to → `stream`, `aggregate_id`, `version`, `command_id`. */
  selectCommands: string;
  /** → `bookmark`, `position`. */
  selectBookmarks: string;
};

/** The statements of bookmarks, and what each is bound to. */
export type MysqlBookmarkStatements = {
  /** bookmark → `bookmark`, `position`. */
  selectBookmark: string;
  /** bookmark, position. */
  upsertBookmark: string;
  /** bookmark → a row at 0; refused if there is one. */
  insertBookmark: string;
  /** position, bookmark, from. Finds a row only if the bookmark stands at `from`. */
  moveBookmark: string;
};

/** The limit of a reader that wants as many as there are. */
export const NO_LIMIT: number = Number.MAX_SAFE_INTEGER;

/** Writes the statements for these tables. */
export function createStatements(
  tables: MysqlTables,
  features: MysqlFeatures,
): MysqlStatements {
  return {
    ...createAppendStatements(tables, features),
    ...createReadStatements(tables.events.quoted, features.timestamps),
    ...createBookmarkStatements(tables.bookmarks.quoted),
    ...createCatalogStatements(tables),
    ...createHorizonStatements(tables),
    ...createRecordStatements(tables.records.quoted),
  };
}

function createAppendStatements(
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

function createCatalogStatements(
  tables: MysqlTables,
): MysqlCatalogStatements {
  const events = tables.events.quoted;
  return {
    selectNextStream: `
      SELECT MIN(stream) AS stream
      FROM ${events}
      WHERE stream > ?`,

    selectStreams: `
      SELECT MIN(stream) AS stream
      FROM ${events}
      GROUP BY CAST(stream AS BINARY)`,

    selectCommands: `
      SELECT stream, aggregate_id, version, command_id
      FROM ${events}
      WHERE position > ? AND position <= ? AND command_id IS NOT NULL
      ORDER BY position`,

    selectBookmarks: `
      SELECT bookmark, COALESCE(position, 0) AS position
      FROM ${tables.bookmarks.quoted}`,
  };
}

function createReadStatements(
  events: string,
  timestamps: MysqlTimestamps,
): MysqlReadStatements {
  // As text a time is what was stored, whatever time zone the client thinks of.
  const timestamp = timestamps === "utc"
    ? "CONCAT(REPLACE(CAST(event.timestamp AS CHAR), ' ', 'T'), 'Z')"
    : "event.timestamp";
  const columns = `
        event.position,
        event.version,
        event.stream,
        event.aggregate_id,
        ${timestamp} AS timestamp,
        event.event,
        event.metadata`;
  // A range of the index (stream, position), which is in its order already.
  const positionsOfStream = `
          (
            SELECT position
            FROM ${events}
            WHERE stream = ? AND position > ? AND position <= ?
            ORDER BY position
            LIMIT ?
          )`;

  return {
    // Each part reads from its index no more than the limit, and only the
    // events of the page are then looked up: a page costs its own rows,
    // however long the log is and however rare a stream.
    selectEventsFrom: (streams) => `
      SELECT ${columns}
      FROM (
        SELECT position
        FROM (${
      Array(streams).fill(positionsOfStream).join("\n          UNION ALL")
    }
        ) AS merged
        ORDER BY position
        LIMIT ?
      ) AS page
      JOIN ${events} AS event ON event.position = page.position
      ORDER BY event.position`,

    selectEventsFor: `
      SELECT ${columns}
      FROM ${events} AS event
      WHERE event.stream = ? AND event.aggregate_id = ?
      ORDER BY event.version
      LIMIT ?`,

    // The version of the event at that position is where the page before
    // ended, so the index is entered there. The sum keeps the optimizer from
    // entering another index by the position.
    selectEventsForAfter: `
      SELECT ${columns}
      FROM ${events} AS event
      WHERE event.version > COALESCE(
          (
            SELECT version
            FROM ${events}
            WHERE position = ? AND stream = ? AND aggregate_id = ?
          ),
          0
        )
        AND event.stream = ?
        AND event.aggregate_id = ?
        AND event.position + 0 > ?
      ORDER BY event.version
      LIMIT ?`,

    selectLastEvent: `
      SELECT ${columns}
      FROM ${events} AS event
      WHERE event.stream = ?
      ORDER BY event.position DESC
      LIMIT 1`,

    selectLastEventFor: `
      SELECT ${columns}
      FROM ${events} AS event
      WHERE event.stream = ? AND event.aggregate_id = ?
      ORDER BY event.version DESC
      LIMIT 1`,
  };
}

function createBookmarkStatements(bookmarks: string): MysqlBookmarkStatements {
  return {
    selectBookmark: `
      SELECT bookmark, COALESCE(position, 0) AS position
      FROM ${bookmarks}
      WHERE bookmark = ?`,

    upsertBookmark: `
      INSERT INTO ${bookmarks} (bookmark, position)
      VALUES (?, ?)
      ON DUPLICATE KEY UPDATE position = VALUES(position)`,

    insertBookmark: `
      INSERT INTO ${bookmarks} (bookmark, position)
      VALUES (?, 0)`,

    // Reads what is committed now, also where the transaction has a snapshot.
    moveBookmark: `
      UPDATE ${bookmarks}
      SET position = ?
      WHERE bookmark = ? AND COALESCE(position, 0) = ?`,
  };
}
