import type { MysqlTables } from "./mysql_names.ts";

/** The statements that tell how far the log is final. */
export type MysqlHorizonStatements = {
  /**
   * safe position, safe position → `newest` position; the `found` number of
   * events between, null where there are too many to count; and whether the
   * server is `readOnly`.
   */
  selectHorizon: string;
  /** database or null, table → `writer`: who may have drawn a position and is not visible yet. */
  selectWriters: string;
  /** As `selectWriters` → `writer`, `session`, `ageMs`, `query`, oldest first. */
  selectBlockers: string;
  /** Takes the metadata lock of a writer, for a transaction. */
  lockAsWriter: string;
  /** → a row: waits for no writer, and fails if there is one. */
  tryBarrier: string;
  /** → a row: waits for the writers at work, and lets go. */
  waitBarrier: string;
};

/** Whether the server has run out of room for metadata locks and shows not all. */
export const SELECT_LOST =
  "SHOW GLOBAL STATUS LIKE 'Performance_schema_metadata_lock_lost'";

/** More events than this are not counted. */
const MAX_COUNTED = 10_000;

/** Writes the statements that tell how far the log is final. */
export function createHorizonStatements(
  tables: MysqlTables,
): MysqlHorizonStatements {
  const events = tables.events.quoted;
  const lock = tables.lock.quoted;

  const writer = `CONCAT_WS(
          '/',
          held.OWNER_THREAD_ID,
          held.OWNER_EVENT_ID,
          held.OBJECT_INSTANCE_BEGIN
        )`;
  const ofWriters = `held.OBJECT_TYPE = 'TABLE'
        AND held.OBJECT_SCHEMA = COALESCE(?, DATABASE())
        AND held.OBJECT_NAME = ?
        AND held.LOCK_TYPE IN (
          'SHARED_WRITE',
          'SHARED_WRITE_LOW_PRIO',
          'SHARED_NO_READ_WRITE',
          'EXCLUSIVE'
        )`;

  return {
    // Where every number up to the newest is visible, none is still to come.
    selectHorizon: `
      SELECT
        newest.position AS newest,
        CASE WHEN newest.position - ? <= ${MAX_COUNTED} THEN (
          SELECT COUNT(*)
          FROM ${events}
          WHERE position > ? AND position <= newest.position
        ) END AS found,
        @@GLOBAL.read_only AS readOnly
      FROM (
        SELECT CAST(COALESCE(MAX(position), 0) AS SIGNED) AS position
        FROM ${events}
      ) AS newest`,

    selectWriters: `
      SELECT ${writer} AS writer
      FROM performance_schema.metadata_locks AS held
      WHERE ${ofWriters}`,

    selectBlockers: `
      SELECT DISTINCT
        ${writer} AS writer,
        CONCAT_WS(
          ' ',
          'connection', thread.PROCESSLIST_ID,
          'of', thread.PROCESSLIST_USER,
          LOWER(thread.PROCESSLIST_COMMAND)
        ) AS session,
        TIMESTAMPDIFF(MICROSECOND, trx.trx_started, NOW(6)) / 1000 AS ageMs,
        LEFT(thread.PROCESSLIST_INFO, 200) AS query
      FROM performance_schema.metadata_locks AS held
      JOIN performance_schema.threads AS thread
        ON thread.THREAD_ID = held.OWNER_THREAD_ID
      LEFT JOIN information_schema.INNODB_TRX AS trx
        ON trx.trx_mysql_thread_id = thread.PROCESSLIST_ID
      WHERE ${ofWriters}
      ORDER BY 3 DESC`,

    lockAsWriter: `
      DELETE FROM ${events}
      WHERE position = 0`,

    tryBarrier: `
      SELECT id
      FROM ${lock}
      WHERE id = 1
      FOR UPDATE NOWAIT`,

    waitBarrier: `
      SELECT id
      FROM ${lock}
      WHERE id = 1
      FOR UPDATE`,
  };
}
