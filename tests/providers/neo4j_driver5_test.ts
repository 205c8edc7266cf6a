import { testProvider } from "evtstore/testing";
import { findServers, neo4jFixture } from "./support/neo4j.ts";

const long = ["neo4j", "neo4j44", "neo4j2025"];
for (const server of await findServers([], long)) {
  testProvider(`${server.name} with driver 5`, neo4jFixture(server, 5));
}
