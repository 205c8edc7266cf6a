import type { PostgresTables } from "./postgres_names.ts";

/** How positions are made to appear in order. */
export type PostgresOrdering = "horizon" | "serialized";

/** The statements that append, and what each is bound to. */
export type PostgresAppendStatements = {
  /**
   * stream, aggregate id, version before, timestamp, event, metadata, command id
   * → `position`, `version`; no row if it was refused.
   */
  insertEvent: string;
  /** As `insertEvent`, with arrays of timestamps, events and metadata. */
  insertEvents: string;
  /**
   * For each event: stream, aggregate id, version of the aggregate before,
   * number in its commit, timestamp, event, metadata, command id → `stream`,
   * `aggregate_id`, `position`, `version` of all that were stored. What is
   * refused of a commit is all of it, and nothing of another one.
   */
  insertCommits: string;
  /** As `insertEvents`, with the database's own error for what is refused. */
  insertEventsOrFail: string;
  /** position. */
  deleteEvent: string;
  /** stream, aggregate id, command id → its `head`, and the command's version. */
  selectRefusal: string;
  /** stream, aggregate id, command id → `version` of its first event. */
  selectCommand: string;
};

/**
 * How long commits that share a statement wait for a lock, in milliseconds:
 * whoever keeps one aggregate locked must not keep the others waiting.
 */
const PATIENCE_MS = 100;

/** Writes the statements that append. */
export function createAppendStatements(
  tables: PostgresTables,
  ordering: PostgresOrdering,
): PostgresAppendStatements {
  const events = tables.events.quoted;

  // Held until the commit is visible, and taken before a position is drawn.
  const turn = ordering === "serialized"
    ? `turn AS MATERIALIZED (
        SELECT pg_advisory_xact_lock(
          hashtext('evtstore'),
          ${quoteLiteral(events)}::regclass::oid::integer
        )
      )`
    : "";
  const inTurn = turn && `${turn},
      `;
  const given = `${inTurn}given AS MATERIALIZED (
        SELECT n, timestamp, event, metadata
        FROM ${
    inTurn && "turn, "
  }unnest($4::timestamptz[], $5::text[], $6::text[])
          WITH ORDINALITY AS one (timestamp, event, metadata, n)
      )`;

  // There is no event at version 0.
  const isNext = `(
            $3::integer = 0
            OR (
              SELECT version
              FROM ${events}
              WHERE stream = $1::text
                AND aggregate_id = $2::text
                AND version = $3::integer
            ) = $3::integer
          )`;

  return {
    // All events or none, without an error: a transaction of the caller stays
    // usable. It relies on the unique indexes of (stream, aggregate_id,
    // version) and of command_id, under READ COMMITTED. The version is looked
    // up by a scalar subquery: EXISTS was planned as a scan of the table.
    //
    // Most commits are of one event, and the server takes a quarter less for
    // this than for `insertEvents`.
    insertEvent: `
      ${turn && `WITH ${turn}\n      `}INSERT INTO ${events} (
        stream,
        aggregate_id,
        version,
        timestamp,
        event,
        metadata,
        command_id
      )
      SELECT
        $1::text,
        $2::text,
        $3::integer + 1,
        $4::timestamptz,
        $5::text,
        $6::text,
        $7::text${turn && "\n      FROM turn"}
      WHERE ${isNext}
      ON CONFLICT DO NOTHING
      RETURNING position, version`,

    insertEvents: `
      WITH ${given},
      first AS (
        INSERT INTO ${events} (
          stream,
          aggregate_id,
          version,
          timestamp,
          event,
          metadata,
          command_id
        )
        SELECT
          $1::text,
          $2::text,
          $3::integer + 1,
          timestamp,
          event,
          metadata,
          $7::text
        FROM given
        WHERE n = 1
          AND ${isNext}
        ON CONFLICT DO NOTHING
        RETURNING position, version
      ),
      rest AS (
        INSERT INTO ${events} (
          stream,
          aggregate_id,
          version,
          timestamp,
          event,
          metadata
        )
        SELECT
          $1::text,
          $2::text,
          $3::integer + given.n,
          given.timestamp,
          given.event,
          given.metadata
        FROM given, first
        WHERE given.n > 1
        ORDER BY given.n
        RETURNING position, version
      )
      SELECT position, version FROM first
      UNION ALL
      SELECT position, version FROM rest`,

    // As `insertEvents`, for many. They are inserted in the order of their
    // names, so that two statements do not wait for each other. The patience
    // begins after the turn: to wait for that is no reason to give up.
    insertCommits: `
      WITH ${inTurn}patience AS MATERIALIZED (
        SELECT set_config('lock_timeout', '${PATIENCE_MS}', true)${
      inTurn && "\n        FROM turn"
    }
      ),
      given AS MATERIALIZED (
        SELECT one.*
        FROM patience, unnest(
          $1::text[],
          $2::text[],
          $3::integer[],
          $4::integer[],
          $5::timestamptz[],
          $6::text[],
          $7::text[],
          $8::text[]
        ) AS one (
          stream,
          aggregate_id,
          before,
          n,
          timestamp,
          event,
          metadata,
          command_id
        )
      ),
      first AS (
        INSERT INTO ${events} (
          stream,
          aggregate_id,
          version,
          timestamp,
          event,
          metadata,
          command_id
        )
        SELECT
          stream,
          aggregate_id,
          before + 1,
          timestamp,
          event,
          metadata,
          command_id
        FROM given
        WHERE n = 1
          AND (
            before = 0
            OR (
              SELECT stored.version
              FROM ${events} AS stored
              WHERE stored.stream = given.stream
                AND stored.aggregate_id = given.aggregate_id
                AND stored.version = given.before
            ) = before
          )
        ORDER BY stream COLLATE "C", aggregate_id COLLATE "C"
        ON CONFLICT DO NOTHING
        RETURNING stream, aggregate_id, position, version
      ),
      rest AS (
        INSERT INTO ${events} (
          stream,
          aggregate_id,
          version,
          timestamp,
          event,
          metadata
        )
        SELECT
          stream,
          aggregate_id,
          before + n,
          timestamp,
          event,
          metadata
        FROM given
        WHERE n > 1
          AND ((stream, aggregate_id) IN (
            SELECT stream, aggregate_id
            FROM first
          )) IS TRUE
        ORDER BY stream COLLATE "C", aggregate_id COLLATE "C", n
        RETURNING stream, aggregate_id, position, version
      )
      SELECT stream, aggregate_id, position, version FROM first
      UNION ALL
      SELECT stream, aggregate_id, position, version FROM rest`,

    insertEventsOrFail: `
      WITH ${given}
      INSERT INTO ${events} (
        stream,
        aggregate_id,
        version,
        timestamp,
        event,
        metadata,
        command_id
      )
      SELECT
        $1::text,
        $2::text,
        $3::integer + n,
        timestamp,
        event,
        metadata,
        CASE WHEN n = 1 THEN $7::text END
      FROM given
      ORDER BY n
      RETURNING position, version`,

    deleteEvent: `
      DELETE FROM ${events}
      WHERE position = $1::bigint`,

    selectRefusal: `
      SELECT
        coalesce(
          (
            SELECT max(version)
            FROM ${events}
            WHERE stream = $1::text AND aggregate_id = $2::text
          ),
          0
        ),
        (
          SELECT version
          FROM ${events}
          WHERE stream = $1::text
            AND aggregate_id = $2::text
            AND command_id = $3::text
        )`,

    selectCommand: `
      SELECT version
      FROM ${events}
      WHERE stream = $1::text
        AND aggregate_id = $2::text
        AND command_id = $3::text`,
  };
}

// Right whether or not a backslash escapes on this server.
function quoteLiteral(text: string): string {
  const doubled = text.replaceAll("'", "''");
  return text.includes("\\")
    ? ` E'${doubled.replaceAll("\\", "\\\\")}'`
    : `'${doubled}'`;
}
