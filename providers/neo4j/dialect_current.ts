import { type Dialect, isAtLeast, type ServerVersion } from "./dialect.ts";
import { AGGREGATE_VALUES, EVENT_VALUES } from "./rows.ts";

/** Neo4j 4.4, 5 and the versions that are named after a year. */
export const currentDialect: Dialect = {
  driver: "neo4j",
  servers: [4, Infinity],
  otherwise: "evtstore/provider/neo4j-v3",

  createConstraint: (label, property) =>
    `CREATE CONSTRAINT IF NOT EXISTS FOR (n:${label}) REQUIRE n.${property} IS UNIQUE`,

  createIndex: (label, properties) =>
    `CREATE INDEX IF NOT EXISTS FOR (n:${label}) ON (${
      properties.map((property) => `n.${property}`).join(", ")
    })`,

  integer: (parameter) => parameter,

  eventIndexes: [
    ["stream", "_position"],
    ["stream", "aggregateId", "version"],
  ],
  recordIndexes: [["kind", "key"], ["kind", "due"]],

  search({ events }, { index, where, order, merge, direction }, version) {
    const sorting = ["stream", ...order]
      .map((property) => `e.${property} ${direction}`).join(", ");
    // The hint: by its statistics the planner may scan every position, and one
    // without SEEK is met by a scan as well.
    return `UNWIND $streams AS one
${subquery("one", version)} MATCH (e:${events})
  USING INDEX SEEK e:${events}(${index.join(", ")})
  WHERE e.stream = one AND ${where}
  RETURN e ORDER BY ${sorting} LIMIT $limit }
WITH e ORDER BY e.${merge} ${direction} LIMIT $limit
RETURN collect(${EVENT_VALUES}) AS events`;
  },

  aggregate: ({ events }, start, where, version) =>
    `${start}
${subquery("since", version)} MATCH (e:${events})
  USING INDEX SEEK e:${events}(stream, aggregateId, version)
  WHERE e.stream = $stream AND e.aggregateId = $aggregateId
  AND e.version > since AND ${where}
  WITH e ORDER BY e.stream, e.aggregateId, e.version LIMIT $limit
  RETURN collect(${AGGREGATE_VALUES}) AS events }
RETURN before, since, events`,

  streams: ({ events }) =>
    `MATCH (e:${events}) USING INDEX SEEK e:${events}(stream, _position)
WHERE e.stream > $after AND e._position > 0
RETURN e.stream AS stream ORDER BY e.stream LIMIT 1`,
  showConstraints:
    "SHOW CONSTRAINTS YIELD labelsOrTypes, properties RETURN labelsOrTypes AS labels, properties",

  showIndexes:
    "SHOW INDEXES YIELD labelsOrTypes, properties, state RETURN labelsOrTypes AS labels, properties, state",
};

// The one form is new in 5.23, the other one leaves with Cypher 25.
function subquery(given: string, version: ServerVersion): string {
  return isAtLeast(version, 5, 23)
    ? `CALL (${given}) {`
    : `CALL { WITH ${given}`;
}
