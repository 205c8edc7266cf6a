import { findDatabase } from "../providers/support/databases.ts";
import { kinds } from "./open_store.ts";
import type { Place } from "./stores/store.ts";

/** A database that faults are tried on. */
export type FaultDatabase = {
  /** What a report calls it. */
  name: string;
  /** What its addresses begin with. */
  scheme: string;
  /** Which of the databases of `scripts/databases.ts` it runs on. */
  server?: string;
  /** The address of that server, once it is found. */
  url?: string;
};

/** All of them, each with the driver that an application has. */
export const faultDatabases: readonly FaultDatabase[] = [
  { name: "SQLite", scheme: "sqlite" },
  { name: "SQLite by Knex", scheme: "sqlite+knex" },
  { name: "PostgreSQL by pg", scheme: "postgres+pg", server: "postgres18" },
  {
    name: "PostgreSQL by Postgres.js",
    scheme: "postgres+postgresjs",
    server: "postgres18",
  },
  { name: "PostgreSQL by Knex", scheme: "postgres+knex", server: "postgres18" },
  { name: "MariaDB by Knex", scheme: "mysql", server: "mariadb" },
  {
    name: "MariaDB by Knex, by the barrier",
    scheme: "mysql",
    server: "mariadb_barrier",
  },
  { name: "MongoDB", scheme: "mongodb", server: "mongodb" },
  { name: "Neo4j", scheme: "bolt", server: "neo4j" },
  { name: "NATS", scheme: "nats", server: "nats" },
];

/** Makes a place of one's own, on this server or the one of the tests. */
export async function createPlace(
  { scheme, url: found = "" }: FaultDatabase,
  url: string = found,
): Promise<Place> {
  return await (await kinds[scheme]!()).create(url);
}

/** Those of which there is a server, or that need none. */
export async function findFaultDatabases(): Promise<FaultDatabase[]> {
  const names = new Set(faultDatabases.map(({ server }) => server));
  const urls = new Map<string | undefined, string | undefined>();
  for (const name of names) {
    if (name !== undefined) urls.set(name, await findDatabase(name));
  }
  return faultDatabases.flatMap((database) => {
    if (database.server === undefined) return [database];
    const url = urls.get(database.server);
    return url === undefined ? [] : [{ ...database, url }];
  });
}

/** MongoDB without its transactions: most faults need one. */
export async function findFoldingMongo(): Promise<FaultDatabase[]> {
  const url = await findDatabase("mongodb");
  return url === undefined ? [] : [{
    name: "MongoDB without transactions",
    scheme: "mongodb+folding",
    url,
  }];
}
