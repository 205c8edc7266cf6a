import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { openDatabase } from "../../cli/databases.ts";
import { findDatabase } from "../providers/support/databases.ts";
import { connectTo, newName, removeLog } from "../providers/support/nats.ts";
import { findServers, openDriver, wipe } from "../providers/support/neo4j.ts";
import { openSchema, postgresServers } from "../providers/support/postgres.ts";
import { fill, openWorkspace } from "./support.ts";

/** As many events as a run of all tests has time for. */
const APPENDS = 200;

/** A store that is empty, by its URL and options. */
type Target = {
  name: string;
  args: string[];
  drop(): Promise<void>;
};

const unique = () => randomUUID().replaceAll("-", "").slice(0, 12);

async function findTargets(): Promise<Target[]> {
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

const [server] = postgresServers;
if (server) {
  for (const target of await findTargets()) {
    test(`what is exported from PostgreSQL is exported again from ${target.name}, byte by byte`, async (t) => {
      const { folder, run, json } = openWorkspace(t);
      const schema = await openSchema(server);
      t.after(() => schema.drop());
      t.after(() => target.drop());
      const read = (name: string) => readFileSync(join(folder, name), "utf8");
      const must = async (...args: string[]) => {
        const result = await run(args);
        assert.equal(result.code, 0, `${args[0]}: ${result.err.join("\n")}`);
      };
      await must("migrate", "--store", schema.url, "--yes");
      const source = await openDatabase({
        url: schema.url,
        cwd: folder,
        mayCreate: false,
      });
      await fill(source.provider, APPENDS);
      await source.close();
      await must("export", "a.jsonl", "--store", schema.url);
      await must("migrate", ...target.args, "--yes");
      await must("import", "a.jsonl", ...target.args, "--yes");
      await must("export", "b.jsonl", ...target.args);
      assert.equal(read("b.jsonl"), read("a.jsonl"));
      const [counts] = await json(["verify", ...target.args]);
      assert.deepEqual([counts.events, counts.damages], [240, 0]);
      const [again] = await json(["import", "a.jsonl", ...target.args, "-y"]);
      assert.deepEqual(again, { stored: 0, found: 240 });
    });
  }
}
