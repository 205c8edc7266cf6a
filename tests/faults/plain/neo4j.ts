import neo4j from "neo4j-driver";
import { cypher } from "../../../providers/neo4j.ts";
import { openDriver } from "../../providers/support/neo4j.ts";
import { lineOf, orderOf } from "../log.ts";
import type { Plain } from "./plain.ts";

/** Neo4j. Nobody else may write: there is no lock that others respect. */
export function openNeo4j(address: string): Plain {
  const label = `\`${new URL(address).pathname.slice(1)}Events\``;
  const client = openDriver(address);
  return {
    readAfter: async (position) =>
      (await cypher<any>(
        client,
        `MATCH (e:${label}) WHERE e._position > $position
RETURN e.stream AS stream, e.aggregateId AS aggregateId,
  e.version AS version, e._position AS position
ORDER BY position`,
        { position: neo4j.int(String(position)) },
      )).map((row) => ({
        line: lineOf(row),
        position: orderOf(row.position),
      })),
    close: () => client.close(),
  };
}
