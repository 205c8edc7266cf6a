import { testProvider } from "evtstore/testing";
import { findServers, neo4jFixture } from "./support/neo4j.ts";

for (const server of await findServers([], ["neo4j35"])) {
  for (const version of [6, 5] as const) {
    testProvider(
      `${server.name} with driver ${version}`,
      neo4jFixture(server, version),
    );
  }
}
