/**
 * The statements of SQLite, for every driver that speaks it. Values are bound
 * in the order of the question marks, names of tables are quoted. They need
 * SQLite 3.35 (RETURNING).
 *
 * Order: a position is assigned under the one write lock of the database, so
 * positions become visible in their order and no gap is filled later.
 */

/** The names of the tables, as the application chose them. */
export type SqliteTables = {
  /** The log. */
  events: string;
  /** Where each handler stands. */
  bookmarks: string;
  /** Small documents beside the log. */
  records: string;
};

/** The columns of an event whose aggregate is known. */
const COLUMNS_OF_AGGREGATE = "position, version, timestamp, event, metadata";
/** The columns of `SqliteEventRow`. */
const COLUMNS = `${COLUMNS_OF_AGGREGATE}, stream, aggregate_id`;

/**
 * The most streams of one {@linkcode SqliteStatements.selectEventsFrom}:
 * SQLite takes 500 parts of a UNION ALL.
 */
export const MAX_STREAMS = 400;

/** Takes the write lock at once: a lock that is upgraded later can fail for ever. */
export const BEGIN = "BEGIN IMMEDIATE";

/** The file of the database; empty where a second connection cannot reach it. */
export const SELECT_FILE = `
  SELECT file
  FROM pragma_database_list
  WHERE name = 'main'`;

/** A name of a table or an index, so that nothing in it is read as SQL. */
export function quoteIdentifier(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}

/** The statements that read and write, and what each is bound to. */
export type SqliteStatements = {
  /** stream, aggregate id → `version` of the newest event. */
  selectVersion: string;
  /** stream, aggregate id, command id → `version` of its first event. */
  selectCommand: string;
  /** stream, aggregate id, version, timestamp, event, metadata, command id → `position`. */
  insertEvent: string;
  /** → `position` of the newest event, or 0. */
  selectHead: string;
  /** For each stream: stream, after, up to; then limit. */
  selectEventsFrom(streams: number): string;
  /** stream, aggregate id, limit → from the first version. */
  selectEventsFor: string;
  /** after, stream, aggregate id, stream, aggregate id, after, limit. */
  selectEventsForAfter: string;
  /** stream → its newest event. */
  selectLastEvent: string;
  /** stream, aggregate id → the newest event of the aggregate. */
  selectLastEventFor: string;
  /** → `stream`, each that has events. */
  selectStreams: string;
  /** after, up to → `SqliteCommandRow`, in their order. */
  selectCommands: string;
  /** → `bookmark`, `position`. */
  selectBookmarks: string;
  /** bookmark → `position`. */
  selectBookmark: string;
  /** bookmark, position. */
  upsertBookmark: string;
  /** bookmark, position. Changes a row only if the bookmark stands at 0. */
  startBookmark: string;
  /** position, bookmark, from. Changes a row only if the bookmark stands at `from`. */
  moveBookmark: string;
  /** kind, key. */
  selectRecord: string;
  /** kind, after, limit → in the order of the keys. */
  listRecords: string;
  /** kind, until, limit → earliest first. */
  selectDueRecords: string;
  /** kind, key, value, due. Changes a row only if there is none. */
  insertRecord: string;
  /** value, due, kind, key, revision. Changes a row only at that revision. */
  updateRecord: string;
  /** kind, key. */
  deleteRecord: string;
  /** kind, key, revision. Changes a row only at that revision. */
  deleteRecordAt: string;
};

/** Writes the statements for these tables. */
export function createStatements(tables: SqliteTables): SqliteStatements {
  const events = quoteIdentifier(tables.events);
  const bookmarks = quoteIdentifier(tables.bookmarks);
  const records = quoteIdentifier(tables.records);

  // A range of the index (stream, position), which is in its order already.
  const eventsOfStream = `SELECT ${COLUMNS}
      FROM ${events}
      WHERE stream = ? AND position > ? AND position <= ?`;

  return {
    selectVersion: `
      SELECT version
      FROM ${events}
      WHERE stream = ? AND aggregate_id = ?
      ORDER BY version DESC
      LIMIT 1`,

    selectCommand: `
      SELECT version
      FROM ${events}
      WHERE stream = ? AND aggregate_id = ? AND command_id = ?`,

    // Relies on the write lock, which its transaction holds since BEGIN, for
    // the version that was looked up before and for the order of positions.
    insertEvent: `
      INSERT INTO ${events} (
        stream,
        aggregate_id,
        version,
        timestamp,
        event,
        metadata,
        command_id
      )
      VALUES (?, ?, ?, ?, ?, ?, ?)
      RETURNING position`,

    selectHead: `
      SELECT coalesce(max(position), 0) AS position
      FROM ${events}`,

    // Each part seeks to its first row and the parts are merged row by row,
    // up to the limit: a page costs its own rows, however long the log is.
    selectEventsFrom: (streams) => `
      ${
      Array(streams).fill(eventsOfStream).join(
        "\n      UNION ALL\n      ",
      )
    }
      ORDER BY position
      LIMIT ?`,

    selectEventsFor: `
      SELECT ${COLUMNS_OF_AGGREGATE}
      FROM ${events}
      WHERE stream = ? AND aggregate_id = ?
      ORDER BY version
      LIMIT ?`,

    // The version of the event at that position is where the page before
    // ended, so the index is entered there. The plus keeps the planner from
    // entering another index by the position.
    selectEventsForAfter: `
      SELECT ${COLUMNS_OF_AGGREGATE}
      FROM ${events}
      WHERE version > coalesce(
          (
            SELECT version
            FROM ${events}
            WHERE position = ? AND stream = ? AND aggregate_id = ?
          ),
          0
        )
        AND stream = ?
        AND aggregate_id = ?
        AND +position > ?
      ORDER BY version
      LIMIT ?`,

    selectLastEvent: `
      SELECT ${COLUMNS}
      FROM ${events}
      WHERE stream = ?
      ORDER BY position DESC
      LIMIT 1`,

    selectLastEventFor: `
      SELECT ${COLUMNS}
      FROM ${events}
      WHERE stream = ? AND aggregate_id = ?
      ORDER BY version DESC
      LIMIT 1`,

    // From one name to the next in the index (stream, position): as many seeks
    // as there are streams, where DISTINCT would read the index to its end.
    selectStreams: `
      WITH RECURSIVE names (stream) AS (
        SELECT min(stream)
        FROM ${events}
        UNION ALL
        SELECT (
          SELECT min(stream)
          FROM ${events}
          WHERE stream > names.stream
        )
        FROM names
        WHERE names.stream IS NOT NULL
      )
      SELECT stream
      FROM names
      WHERE stream IS NOT NULL`,

    selectCommands: `
      SELECT stream, aggregate_id, version, command_id
      FROM ${events}
      WHERE position > ? AND position <= ? AND command_id IS NOT NULL
      ORDER BY position`,

    selectBookmarks: `
      SELECT bookmark, coalesce(position, 0) AS position
      FROM ${bookmarks}`,

    selectBookmark: `
      SELECT coalesce(position, 0) AS position
      FROM ${bookmarks}
      WHERE bookmark = ?`,

    upsertBookmark: `
      INSERT INTO ${bookmarks} (bookmark, position)
      VALUES (?, ?)
      ON CONFLICT (bookmark) DO UPDATE
      SET position = excluded.position`,

    startBookmark: `
      INSERT INTO ${bookmarks} AS standing (bookmark, position)
      VALUES (?, ?)
      ON CONFLICT (bookmark) DO UPDATE
      SET position = excluded.position
      WHERE coalesce(standing.position, 0) = 0`,

    moveBookmark: `
      UPDATE ${bookmarks}
      SET position = ?
      WHERE bookmark = ? AND position = ?`,

    selectRecord: `
      SELECT kind, key, value, revision, due
      FROM ${records}
      WHERE kind = ? AND key = ?`,

    listRecords: `
      SELECT kind, key, value, revision, due
      FROM ${records}
      WHERE kind = ? AND key > ?
      ORDER BY key
      LIMIT ?`,

    selectDueRecords: `
      SELECT kind, key, value, revision, due
      FROM ${records}
      WHERE kind = ? AND due <= ?
      ORDER BY due, key
      LIMIT ?`,

    insertRecord: `
      INSERT INTO ${records} (kind, key, value, revision, due)
      VALUES (?, ?, ?, 1, ?)
      ON CONFLICT (kind, key) DO NOTHING`,

    updateRecord: `
      UPDATE ${records}
      SET value = ?, due = ?, revision = revision + 1
      WHERE kind = ? AND key = ? AND revision = ?`,

    deleteRecord: `
      DELETE FROM ${records}
      WHERE kind = ? AND key = ?`,

    deleteRecordAt: `
      DELETE FROM ${records}
      WHERE kind = ? AND key = ? AND revision = ?`,
  };
}
