import { testProvider } from "evtstore/testing";
import { findServers, neo4jFixture } from "./support/neo4j.ts";

for (const server of await findServers(["neo4j"], ["neo4j44", "neo4j2025"])) {
  testProvider(`${server.name} with driver 6`, neo4jFixture(server, 6));
}
