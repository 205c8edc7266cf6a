import type { Dialect } from "./dialect.ts";
import { AGGREGATE_VALUES, EVENT_VALUES } from "./rows.ts";

/** Neo4j 3.5. */
export const v3Dialect: Dialect = {
  driver: "neo4j-v3",
  servers: [3, 3],
  otherwise: "evtstore/provider/neo4j",

  createConstraint: (label, property) =>
    `CREATE CONSTRAINT ON (n:${label}) ASSERT n.${property} IS UNIQUE`,

  createIndex: (label, properties) =>
    `CREATE INDEX ON :${label}(${properties.join(", ")})`,

  // Only of a known type it takes the order from an index.
  integer: (parameter) => `toInteger(${parameter})`,

  // Here an index of several properties finds equal values only.
  eventIndexes: [
    ["stream", "aggregateId"],
    ["stream", "aggregateId", "version"],
  ],
  recordIndexes: [["kind"], ["due"]],

  // It has no subquery to seek each stream by itself: by position it scans in
  // order and stops at the limit, and an aggregate is read as a whole.
  search: ({ events }, { where, merge, direction }) =>
    `MATCH (e:${events}) WHERE ${where} AND e.stream IN $streams
WITH e ORDER BY e.${merge} ${direction} LIMIT $limit
RETURN collect(${EVENT_VALUES}) AS events`,

  aggregate: ({ events }, start, where) =>
    `${start}
MATCH (e:${events}) USING INDEX e:${events}(stream, aggregateId)
WHERE e.stream = $stream AND e.aggregateId = $aggregateId
AND e.version > since AND ${where}
WITH before, since, e ORDER BY e.version LIMIT $limit
RETURN before, since, collect(${AGGREGATE_VALUES}) AS events`,

  // Its list of constraints has a text that quotes nothing.
  // An index of several properties is there only for those that are equal.
  streams: ({ events }) =>
    `MATCH (e:${events}) WHERE e.stream > $after
RETURN DISTINCT e.stream AS stream ORDER BY stream`,
  showConstraints:
    "CALL db.indexes() YIELD tokenNames, properties, type WITH * WHERE type = 'node_unique_property' RETURN tokenNames AS labels, properties",

  showIndexes:
    "CALL db.indexes() YIELD tokenNames, properties, state RETURN tokenNames AS labels, properties, state",
};
