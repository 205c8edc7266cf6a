/**
 * The statements of PostgreSQL, for every driver that speaks it. Values are
 * bound to `$1` and so on, arrays as one text in PostgreSQL's own notation;
 * names of tables are quoted; rows come back in the order of their columns.
 *
 * Order: a position is drawn from a sequence before its transaction commits,
 * so positions become visible out of order. By the horizon: who inserts holds a
 * lock on the table until its rows are visible, so the locks tell how far the
 * log is final, whoever writes. Serialized: writers of this library draw their
 * positions one after the other.
 */
import {
  createAppendStatements,
  type PostgresAppendStatements,
  type PostgresOrdering,
} from "./postgres_append_statements.ts";
import {
  createHorizonStatements,
  type PostgresHorizonStatements,
} from "./postgres_horizon_statements.ts";
import type { PostgresTables } from "./postgres_names.ts";
import {
  notifyStatements,
  type PostgresNotifyStatements,
} from "./postgres_notify_statements.ts";
import {
  createRecordStatements,
  type PostgresRecordStatements,
} from "./postgres_record_statements.ts";

/** The columns of an event whose aggregate is known, its time in milliseconds. */
const columnsOfAggregate = (table: string): string => `
        ${table}.position,
        ${table}.version,
        (date_part('epoch', ${table}.timestamp::timestamptz) * 1000)::bigint,
        ${table}.event,
        ${table}.metadata`;

/** The columns of an event: {@linkcode toStoreEvent} reads them. */
const columnsOf = (table: string): string =>
  `${columnsOfAggregate(table)},
        ${table}.stream,
        ${table}.aggregate_id`;

/** The statements that read and write, and what each is bound to. */
export type PostgresStatements =
  & PostgresAppendStatements
  & PostgresHorizonStatements
  & PostgresNotifyStatements
  & PostgresRecordStatements
  & PostgresReadStatements
  & PostgresBookmarkStatements
  & PostgresCatalogStatements;

/** The statements that read events, and what each is bound to. */
export type PostgresReadStatements = {
  /** → `position` of the newest event, or 0. */
  selectHead: string;
  /** streams, after, up to, limit. */
  selectEventsFrom: string;
  /** streams, after, up to, limit → each row after the `position` of the newest event. */
  selectEventsFromHead: string;
  /** stream, aggregate id, after, limit → without the names. */
  selectEventsFor: string;
  /**
   * For each aggregate: stream, aggregate id, after; then limit of each → the
   * number of the aggregate, before what `selectEventsFor` gives.
   */
  selectEventsForMany: string;
  /** streams → the newest event. */
  selectLastEvent: string;
  /** streams, aggregate id → the newest event of the aggregate. */
  selectLastEventFor: string;
};

/** The statements of the catalog, and what each is bound to. */
export type PostgresCatalogStatements = {
  /** → `stream`, each that has events. */
  selectStreams: string;
  /** after, up to → `stream`, `aggregate_id`, `version`, `command_id`. */
  selectCommands: string;
  /** → `bookmark`, `position`. */
  selectBookmarks: string;
};

/** The statements of bookmarks, and what each is bound to. */
export type PostgresBookmarkStatements = {
  /** bookmark → `position`. */
  selectBookmark: string;
  /** bookmark, position. */
  upsertBookmark: string;
  /** bookmark, position → a row only if the bookmark stood at 0. */
  startBookmark: string;
  /** bookmark, position, from → a row only if the bookmark stood at `from`. */
  moveBookmark: string;
};

/** Writes the statements for these tables. */
export function createStatements(
  tables: PostgresTables,
  ordering: PostgresOrdering,
): PostgresStatements {
  return {
    ...createAppendStatements(tables, ordering),
    ...createHorizonStatements(tables),
    ...notifyStatements,
    ...createRecordStatements(tables),
    ...createReadStatements(tables.events.quoted),
    ...createBookmarkStatements(tables.bookmarks.quoted),
    ...createCatalogStatements(tables),
  };
}

function createCatalogStatements(
  tables: PostgresTables,
): PostgresCatalogStatements {
  const events = tables.events.quoted;
  return {
    // From one name to the next in the index (stream, position): as many seeks
    // as there are streams, where DISTINCT would read the index to its end.
    selectStreams: `
      WITH RECURSIVE names (stream) AS (
        SELECT min(stream)
        FROM ${events}
        UNION ALL
        SELECT (
          SELECT min(event.stream)
          FROM ${events} AS event
          WHERE event.stream > names.stream
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
      WHERE position > $1::bigint
        AND position <= $2::bigint
        AND command_id IS NOT NULL
      ORDER BY position`,

    selectBookmarks: `
      SELECT bookmark, coalesce(position, 0)
      FROM ${tables.bookmarks.quoted}`,
  };
}

function createReadStatements(events: string): PostgresReadStatements {
  return {
    selectHead: `
      SELECT coalesce(max(position), 0)
      FROM ${events}`,

    selectEventsFrom: `
      SELECT ${columnsOf("event")}
      FROM ${events} AS event
      WHERE event.stream = ANY ($1::text[])
        AND event.position > $2::bigint
        AND event.position <= $3::bigint
      ORDER BY event.position
      LIMIT $4::bigint`,

    // One statement is one snapshot, so that it is right on any standby.
    selectEventsFromHead: `
      SELECT newest.position, page.*
      FROM (
        SELECT coalesce(max(position), 0) AS position
        FROM ${events}
      ) AS newest
      LEFT JOIN LATERAL (
        SELECT ${columnsOf("event")}
        FROM ${events} AS event
        WHERE event.stream = ANY ($1::text[])
          AND event.position > $2::bigint
          AND event.position <= $3::bigint
        ORDER BY event.position
        LIMIT $4::bigint
      ) AS page ON true
      ORDER BY page.position`,

    // The version of the event at that position is where the page before
    // ended, so the index is entered there. The sum keeps the planner from
    // entering another index by the position.
    selectEventsFor: `
      SELECT ${columnsOfAggregate("event")}
      FROM ${events} AS event
      WHERE event.stream = $1::text
        AND event.aggregate_id = $2::text
        AND event.version > coalesce(
          (
            SELECT version
            FROM ${events}
            WHERE position = $3::bigint
              AND stream = $1::text
              AND aggregate_id = $2::text
          ),
          0
        )
        AND event.position + 0 > $3::bigint
      ORDER BY event.version
      LIMIT $4::bigint`,

    selectEventsForMany: `
      SELECT wanted.number, event.*
      FROM unnest($1::text[], $2::text[], $3::bigint[])
        WITH ORDINALITY AS wanted (stream, aggregate_id, after, number)
      CROSS JOIN LATERAL (
        SELECT ${columnsOfAggregate("event")}
        FROM ${events} AS event
        WHERE event.stream = wanted.stream
          AND event.aggregate_id = wanted.aggregate_id
          AND event.version > coalesce(
            (
              SELECT version
              FROM ${events}
              WHERE position = wanted.after
                AND stream = wanted.stream
                AND aggregate_id = wanted.aggregate_id
            ),
            0
          )
          AND event.position + 0 > wanted.after
        ORDER BY event.version
        LIMIT $4::bigint
      ) AS event`,

    // The range says no more than equality, but the planner takes the index of
    // (stream, position) for it: the primary key would be walked to its start
    // for a stream that has no events.
    selectLastEvent: `
      SELECT ${columnsOf("event")}
      FROM unnest($1::text[]) AS wanted (stream)
      CROSS JOIN LATERAL (
        SELECT *
        FROM ${events}
        WHERE stream >= wanted.stream AND stream <= wanted.stream
        ORDER BY stream DESC, position DESC
        LIMIT 1
      ) AS event
      ORDER BY event.position DESC
      LIMIT 1`,

    selectLastEventFor: `
      SELECT ${columnsOf("event")}
      FROM unnest($1::text[]) AS wanted (stream)
      CROSS JOIN LATERAL (
        SELECT *
        FROM ${events}
        WHERE stream = wanted.stream AND aggregate_id = $2::text
        ORDER BY version DESC
        LIMIT 1
      ) AS event
      ORDER BY event.position DESC
      LIMIT 1`,
  };
}

function createBookmarkStatements(
  bookmarks: string,
): PostgresBookmarkStatements {
  return {
    selectBookmark: `
      SELECT coalesce(position, 0)
      FROM ${bookmarks}
      WHERE bookmark = $1::text`,

    upsertBookmark: `
      INSERT INTO ${bookmarks} (bookmark, position)
      VALUES ($1::text, $2::bigint)
      ON CONFLICT (bookmark) DO UPDATE
      SET position = excluded.position`,

    startBookmark: `
      INSERT INTO ${bookmarks} AS standing (bookmark, position)
      VALUES ($1::text, $2::bigint)
      ON CONFLICT (bookmark) DO UPDATE
      SET position = excluded.position
      WHERE coalesce(standing.position, 0) = 0
      RETURNING 1`,

    // Never an upsert: on a row that was deleted it would report a move.
    moveBookmark: `
      UPDATE ${bookmarks}
      SET position = $2::bigint
      WHERE bookmark = $1::text AND position = $3::bigint
      RETURNING 1`,
  };
}
