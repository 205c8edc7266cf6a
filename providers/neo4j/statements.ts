import type { Dialect, ServerVersion } from "./dialect.ts";
import type { Labels } from "./labels.ts";
import { EVENT_VALUES } from "./rows.ts";

/** The queries on events. */
export type EventStatements = {
  append: string;
  head: string;
  first: string;
  settle: string;
  hold: string;
  poll: string;
  page: string;
  frontier: string;
  aggregate: string;
  last: string;
  lastOf: string;
  findCommand: string;
  streams: string;
  commands: string;
};

const APPEND_OUTCOME = `CASE
    WHEN mine IS NOT NULL THEN 'repeated'
    WHEN d IS NOT NULL THEN 'duplicate'
    WHEN any(x IN near WHERE x._position IS NULL) THEN 'foreign'
    WHEN any(x IN near WHERE x.version = $groups[g].version) THEN 'taken'
    WHEN $groups[g].version > 1 AND size(near) = 0 THEN 'gap'
    ELSE 'stored' END`;

/** Writes the queries on events for a server. */
export function createEventStatements(
  labels: Labels,
  dialect: Dialect,
  version: ServerVersion,
): EventStatements {
  const { events } = labels;
  const counter = `(c:${labels.counter} {name: 'events'})`;
  const after = dialect.integer("$after");
  const search = (
    wanted: Parameters<Dialect["search"]>[1],
  ) => dialect.search(labels, wanted, version);
  return {
    // The counter is locked before anything is read, and until the commit, so
    // commits are in the order of their positions. What of it was committed
    // before this transaction ("before") is visible in every index: the writer
    // that had the lock gave it back only then. A group that clashes is left
    // out, and the others are stored. Relies on the index by version.
    append: `MATCH ${counter}
SET c._lock = $holder
WITH c WHERE c.migrated = true
WITH c, c.position AS base,
  CASE WHEN c._holder = $holder THEN c.before ELSE c.position END AS before
UNWIND range(0, size($groups) - 1) AS g
OPTIONAL MATCH (x:${events})
  USING INDEX SEEK x:${events}(stream, aggregateId, version)
  WHERE x.stream = $groups[g].stream
  AND x.aggregateId = $groups[g].aggregateId AND x.version IN $groups[g].near
WITH c, base, before, g, collect(x) AS near
OPTIONAL MATCH (d:${events}) WHERE d._command = $groups[g].command
WITH c, base, before, g, near, d,
  head([x IN near WHERE x._commit = $groups[g].nonce]) AS mine
WITH c, base, before, g, mine._position AS position, ${APPEND_OUTCOME} AS outcome
ORDER BY g
WITH c, base, before,
  collect({group: g, outcome: outcome, position: position}) AS outcomes
WITH c, base, before, outcomes, reduce(all = [], one IN outcomes |
  CASE WHEN one.outcome = 'stored' THEN all + $groups[one.group].events
  ELSE all END) AS stored
SET c.position = base + size(stored), c.before = before, c._holder = $holder
FOREACH (i IN range(0, size(stored) - 1) |
  CREATE (n:${events}) SET n = stored[i], n._position = base + i + 1,
    n.timestamp = datetime(stored[i].timestamp))
RETURN base, outcomes`,

    // The number of nodes comes from the count store, at no cost, and is read
    // before the counter.
    head: `MATCH (e:${events}) WITH count(e) AS total
MATCH ${counter}
RETURN total, c.position AS position, c.before AS before, c.migrated AS migrated`,

    first: `MATCH (e:${events}) WHERE e._position > 0
RETURN e._position AS first ORDER BY e._position LIMIT 1`,

    // With the lock, every commit is over.
    settle: `MATCH ${counter}
SET c._lock = $holder
WITH c SET c.before = c.position, c._holder = $holder
RETURN c.position AS position`,

    // Nobody appends until the transaction ends.
    hold: `MATCH ${counter}
SET c._lock = $holder
RETURN c.migrated AS migrated`,

    poll: `MATCH ${counter} RETURN c.position AS position`,

    page: search({
      index: ["stream", "_position"],
      where: `e._position > ${after} AND e._position <= ${
        dialect.integer("$until")
      }`,
      order: ["_position"],
      merge: "_position",
      direction: "ASC",
    }),

    // Every position, so that a missing one is noticed, and by one index only:
    // a commit becomes visible in one after the other.
    frontier: `MATCH (e:${events}) WHERE e._position > ${after}
RETURN e._position AS position, CASE WHEN e.stream IN $streams THEN ${EVENT_VALUES} END AS event
ORDER BY e._position LIMIT $limit`,

    // Where the caller has come to is an event of the aggregate, as a rule: the
    // search begins behind it. Also what an old writer left without a position,
    // to refuse it; an OR would make two searches of it, each to the end.
    aggregate: dialect.aggregate(
      labels,
      `OPTIONAL MATCH ${counter}
OPTIONAL MATCH (known:${events}) USING INDEX SEEK known:${events}(_position)
  WHERE known._position = ${after} AND known.stream = $stream
  AND known.aggregateId = $aggregateId
WITH coalesce(c.before, 0) AS before, coalesce(known.version, -1) AS since`,
      `coalesce(e._position, 9223372036854775807) > ${after}`,
      version,
    ),

    last: search({
      index: ["stream", "_position"],
      where: "e._position > 0",
      order: ["_position"],
      merge: "_position",
      direction: "DESC",
    }),

    lastOf: search({
      index: ["stream", "aggregateId", "version"],
      where: "e.aggregateId = $aggregateId AND e.version >= 0",
      order: ["aggregateId", "version"],
      merge: "_position",
      direction: "DESC",
    }),

    streams: dialect.streams(labels),

    commands: `MATCH (e:${events}) USING INDEX SEEK e:${events}(_position)
  WHERE e._position > ${after}
  AND e._position <= ${dialect.integer("$until")} AND e._command IS NOT NULL
RETURN e._command AS command, e.version AS version ORDER BY e._position`,

    findCommand: `MATCH (e:${events}) WHERE e._command = $command
RETURN e.version AS version`,
  };
}
