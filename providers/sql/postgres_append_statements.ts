import type { PostgresTables } from "./postgres_names.ts";

/** How positions are made to appear in order. */
export type PostgresOrdering = "horizon" | "serialized";

/** The statements that append, and what each is bound to. */
export type PostgresAppendStatements = {
  /**
   * stream, aggregate id, version before, timestamps, events, metadata, command
   * id → `position`, `version` of all; no row if it was refused.
   */
  insertEvents: string;
  /** As `insertEvents`, with the database's own error for what is refused. */
  insertEventsOrFail: string;
  /** stream, aggregate id, command id → its `head`, and the command's version. */
  selectRefusal: string;
  /** stream, aggregate id, command id → `version` of its first event. */
  selectCommand: string;
};

/** Writes the statements that append. */
export function createAppendStatements(
  tables: PostgresTables,
  ordering: PostgresOrdering,
): PostgresAppendStatements {
  const events = tables.events.quoted;

  // Held until the commit is visible, and taken before a position is drawn.
  const inTurn = ordering === "serialized"
    ? `turn AS MATERIALIZED (
        SELECT pg_advisory_xact_lock(
          hashtext('evtstore'),
          ${quoteLiteral(events)}::regclass::oid::integer
        )
      ),
      `
    : "";
  const given = `${inTurn}given AS MATERIALIZED (
        SELECT n, timestamp, event, metadata
        FROM ${
    inTurn && "turn, "
  }unnest($4::timestamptz[], $5::text[], $6::text[])
          WITH ORDINALITY AS one (timestamp, event, metadata, n)
      )`;

  return {
    // All events or none, without an error: a transaction of the caller stays
    // usable. It relies on the unique indexes of (stream, aggregate_id,
    // version) and of command_id, under READ COMMITTED. The version is looked
    // up by a scalar subquery: EXISTS was planned as a scan of the table.
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
          AND (
            $3::integer = 0
            OR (
              SELECT version
              FROM ${events}
              WHERE stream = $1::text
                AND aggregate_id = $2::text
                AND version = $3::integer
            ) = $3::integer
          )
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
