import { randomUUID } from "node:crypto";
import { findDatabase } from "../providers/support/databases.ts";
import { connectTo, newName, removeLog } from "../providers/support/nats.ts";
import { findServers, openDriver, wipe } from "../providers/support/neo4j.ts";

/** A store that is empty, by its URL and options. */
export type Target = {
  /** What a test calls it. */
  name: string;
  /** What the command line is told of it. */
  args: string[];
  /** Removes it. */
  drop(): Promise<void>;
};

const unique = () => randomUUID().replaceAll("-", "").slice(0, 12);

/** One of each kind that is at hand, PostgreSQL apart. */
export async function findTargets(): Promise<Target[]> {
  const targets: Target[] = [
    {
      name: "SQLite",
      args: ["--store", "sqlite:target.db"],
      drop: async () => {},
    },
  ];
  const mongoUrl = await findDatabase("mongodb");
  if (mongoUrl) {
    const url = new URL(mongoUrl);
    url.pathname = `/evt_cli_${unique()}`;
    targets.push({
      name: "MongoDB",
      args: ["--store", url.href],
      async drop() {
        const { MongoClient } = await import("mongodb");
        const client = new MongoClient(url.href);
        await client.db().dropDatabase();
        await client.close();
      },
    });
  }
  for (const server of await findServers(["neo4j"], [])) {
    const url = new URL(server.url);
    const prefix = `Cli${unique()}`;
    url.pathname = `/${prefix}`;
    targets.push({
      name: "Neo4j",
      args: ["--store", url.href],
      async drop() {
        const client = openDriver(server.url);
        await wipe(client, {
          events: `${prefix}Events`,
          bookmarks: `${prefix}Bookmarks`,
        });
        await client.close();
      },
    });
  }
  const natsUrl = await findDatabase("nats");
  if (natsUrl) {
    const url = new URL(natsUrl);
    const name = newName();
    url.pathname = `/${name}`;
    targets.push({
      name: "NATS",
      args: ["--store", url.href],
      async drop() {
        const connection = await connectTo(natsUrl);
        await removeLog(connection, name);
        await connection.close();
      },
    });
  }
  const mariadb = await findDatabase("mariadb");
  if (mariadb) {
    const table = `evt_cli_${unique()}`;
    const args = [
      "--store",
      mariadb,
      "--events",
      table,
      "--bookmarks",
      `${table}_bookmarks`,
    ];
    targets.push({
      name: "MariaDB",
      args,
      drop: () => dropTables(mariadb, table),
    });
  }
  return targets;
}

async function dropTables(url: string, table: string): Promise<void> {
  const { createConnection } = await import("mysql2/promise");
  const connection = await createConnection(url);
  const [rows] = await connection.query(
    "SELECT table_name AS name FROM information_schema.tables WHERE table_name LIKE ?",
    [`${table}%`],
  );
  for (const { name } of rows as { name: string }[]) {
    await connection.query(`DROP TABLE \`${name}\``);
  }
  await connection.end();
}
