import { createProvider, migrate } from "evtstore/provider/neo4j-v3";
import type { Transaction } from "neo4j-driver";
import { openServer } from "./neo4j_database.ts";
import type { Database } from "./open_database.ts";

/** Opens a Neo4j 3.5 for the bank, by a URL such as `bolt+v3://127.0.0.1/Bank`. */
export function openNeo4jV3(url: string): Promise<Database<Transaction>> {
  return openServer(url.replace("+v3", ""), {
    createProvider,
    migrate,
    // A second time they do nothing.
    unique: (label, property) =>
      `CREATE CONSTRAINT ON (n:${label}) ASSERT n.${property} IS UNIQUE`,
    index: (label, property) => `CREATE INDEX ON :${label}(${property})`,
  });
}
