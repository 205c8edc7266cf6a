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
  createAppendStatements,
  type MysqlAppendStatements,
  type MysqlFeatures,
} from "./mysql_append_statements.ts";
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

/** The statements that read and write, and what each is bound to. */
export type MysqlStatements =
  & MysqlAppendStatements
  & MysqlReadStatements
  & MysqlBookmarkStatements
  & MysqlCatalogStatements
  & MysqlHorizonStatements
  & MysqlRecordStatements;

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
  // As a number a time is what was stored, whatever time zone the client thinks
  // of, and it need not be read as a text.
  const timestamp = timestamps === "utc"
    ? "TIMESTAMPDIFF(MICROSECOND, '1970-01-01', event.timestamp) DIV 1000"
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
