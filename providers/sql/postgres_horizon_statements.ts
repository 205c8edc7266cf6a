import type { PostgresTables } from "./postgres_names.ts";

/** The statements that tell how far the log is final. */
export type PostgresHorizonStatements = {
  /**
   * safe position, table → newest position; whether it is a standby; when the
   * server started; the isolation level; who writes, or null if nothing is new.
   */
  selectHorizon: string;
  /** table → who writes: key, session, age in ms, query; oldest first. */
  selectBlockers: string;
  /** table → a row for a sequence that cannot order events. */
  selectWrongSequence: string;
};

/** Writes the statements that tell how far the log is final. */
export function createHorizonStatements(
  tables: PostgresTables,
): PostgresHorizonStatements {
  const events = tables.events.quoted;

  // Whoever has inserted and is not visible yet. A partition can be written to
  // directly, under a lock of its own.
  const writers = `
        FROM pg_catalog.pg_locks AS lock
        WHERE lock.locktype = 'relation'
          AND lock.mode = 'RowExclusiveLock'
          AND lock.granted
          AND (
            lock.relation = $TABLE::regclass
            OR lock.relation IN (
              SELECT relid FROM pg_catalog.pg_partition_tree($TABLE::regclass)
            )
          )
          AND lock.database = (
            SELECT oid
            FROM pg_catalog.pg_database
            WHERE datname = current_database()
          )`;

  return {
    // The locks are read only when something new is visible, and after the
    // snapshot: who has ended in between is visible to the next statement.
    selectHorizon: `
      SELECT
        newest.position,
        pg_is_in_recovery()::integer,
        date_part('epoch', pg_postmaster_start_time())::text,
        current_setting('transaction_isolation'),
        CASE WHEN newest.position > $1::bigint THEN array_to_string(ARRAY(
        SELECT lock.virtualtransaction${
      writers.replaceAll("$TABLE", "$2::text")
    }
        ), ',') END
      FROM (
        SELECT coalesce(max(position), 0) AS position
        FROM ${events}
      ) AS newest`,

    selectBlockers: `
      SELECT
        lock.virtualtransaction,
        coalesce(
          'process ' || lock.pid || ' of ' || activity.usename
            || coalesce(' ' || nullif(activity.application_name, ''), '')
            || coalesce(', ' || activity.state, ''),
          'process ' || lock.pid,
          'prepared transaction ' || prepared.gid,
          'prepared transaction'
        ),
        date_part(
          'epoch',
          clock_timestamp() - coalesce(activity.xact_start, prepared.prepared)
        ) * 1000,
        left(activity.query, 200)
      FROM (
        SELECT DISTINCT lock.virtualtransaction, lock.pid${
      writers.replaceAll("$TABLE", "$1::text")
    }
      ) AS lock
      LEFT JOIN pg_catalog.pg_stat_activity AS activity
        ON activity.pid = lock.pid
      LEFT JOIN pg_catalog.pg_locks AS held
        ON lock.pid IS NULL
        AND held.locktype = 'transactionid'
        AND held.virtualtransaction = lock.virtualtransaction
      LEFT JOIN pg_catalog.pg_prepared_xacts AS prepared
        ON prepared.transaction = held.transactionid
      ORDER BY 3 DESC NULLS LAST`,

    // A session that keeps numbers of a sequence uses them later.
    selectWrongSequence: `
      SELECT 1
      FROM pg_catalog.pg_sequence
      WHERE (seqcache <> 1 OR seqincrement < 1 OR seqcycle)
        AND seqrelid IN (
          SELECT depend.refobjid
          FROM pg_catalog.pg_attrdef AS def
          JOIN pg_catalog.pg_attribute AS attribute
            ON attribute.attrelid = def.adrelid
            AND attribute.attnum = def.adnum
          JOIN pg_catalog.pg_depend AS depend
            ON depend.classid = 'pg_catalog.pg_attrdef'::regclass
            AND depend.objid = def.oid
            AND depend.refclassid = 'pg_catalog.pg_class'::regclass
          WHERE def.adrelid = $1::text::regclass
            AND attribute.attname = 'position'
          UNION ALL
          SELECT pg_get_serial_sequence($1::text, 'position')::regclass
        )`,
  };
}
