import { MongoClient } from "mongodb";
import * as mongoPredecessor from "npm:evtstore@12.0.1/provider/mongo.js";
import * as knexPredecessor from "npm:evtstore@12.0.1/provider/knex.js";
import mysql2 from "npm:mysql2@3/promise";
import neo4j from "neo4j-driver";
import { mkdtempSync, rmSync } from "node:fs";
import { DatabaseSync } from "node:sqlite";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { knexOnNodeSqlite } from "../examples/bank/knex_node_sqlite.ts";
import * as knexProvider from "../providers/knex.ts";
import * as mongoProvider from "../providers/mongo.ts";
import * as neo4jProvider from "../providers/neo4j.ts";
import * as sqliteProvider from "../providers/sqlite.ts";
import type { Contender } from "./contender.ts";
import { evtstore } from "./evtstore.ts";
import { predecessor } from "./evtstore_12.ts";
import { knexOnMysql, toLists } from "./knex_drivers.ts";
import { rawMongo } from "./raw_mongo.ts";
import { rawNeo4j } from "./raw_neo4j.ts";
import { MARIADB, rawSql, SQLITE } from "./raw_sql.ts";
import type { Suite } from "./suite.ts";

const MAX = 10;

/** SQLite, in files of the folder for temporary ones. */
export function sqliteSuite(): Suite {
  return {
    name: "SQLite",
    async open(only) {
      const folder = mkdtempSync(join(tmpdir(), "evtstore-bench-"));
      const all: (() => Promise<Contender>)[] = [
        () => rawSqlite(join(folder, "raw.db")),
        async () => {
          const path = join(folder, "evtstore.db");
          await sqliteProvider.migrate({ path });
          const provider = sqliteProvider.createProvider({ path });
          return evtstore(provider, async () => {
            await provider.close();
            rmSync(folder, { recursive: true });
          });
        },
      ];
      return await openSome(all, only);
    },
  };
}

function rawSqlite(path: string): Promise<Contender> {
  const database = new DatabaseSync(path);
  // As durable as evtstore is by default.
  database.exec("PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL");
  const prepared = new Map<string, ReturnType<DatabaseSync["prepare"]>>();
  return rawSql(
    SQLITE,
    (text, values) => {
      const statement = prepared.get(text) ?? database.prepare(text);
      prepared.set(text, statement);
      const rows = statement.all(...values as string[]);
      return Promise.resolve(rows.map((row) => Object.values(row)));
    },
    (text) => Promise.resolve(database.exec(text)),
    () => Promise.resolve(database.close()),
  );
}

/** SQLite by Knex, with `node:sqlite` as its driver, in such files too. */
export function knexSqliteSuite(): Suite {
  const openIn = async (folder: string, name: string) => {
    const client = knexOnNodeSqlite(join(folder, name));
    await client.raw("PRAGMA journal_mode = WAL");
    await client.raw("PRAGMA synchronous = FULL");
    return client;
  };
  return {
    name: "Knex on SQLite",
    async open(only) {
      const folder = mkdtempSync(join(tmpdir(), "evtstore-bench-"));
      const all: (() => Promise<Contender>)[] = [
        async () => {
          const client = await openIn(folder, "raw.db");
          return await rawSql(
            SQLITE,
            async (text, values) =>
              toLists(await client.raw(text, values as any)),
            (text) => client.raw(text),
            () => client.destroy(),
          );
        },
        async () => {
          const client = await openIn(folder, "evtstore.db");
          await knexProvider.migrate({ client });
          return evtstore(knexProvider.createProvider({ client }), async () => {
            await client.destroy();
            rmSync(folder, { recursive: true });
          });
        },
      ];
      return await openSome(all, only);
    },
  };
}

/** MariaDB or MySQL, by Knex. */
export function mariadbSuite(server: string): Suite {
  return {
    name: "Knex on MariaDB",
    open: (only) =>
      openSome([
        () =>
          onMariadb(server, (client, drop) =>
            rawSql(
              MARIADB,
              async (text, values) => {
                const [rows] = await client.raw(text, values as any);
                return toLists(rows);
              },
              (text) => client.raw(text),
              drop,
            )),
        () =>
          onMariadb(server, async (client, drop) => {
            await knexProvider.migrate({ client });
            return evtstore(knexProvider.createProvider({ client }), drop);
          }),
        () =>
          onMariadb(server, async (client, drop) => {
            const tables = { events: "events", bookmarks: "bookmarks" };
            await knexPredecessor.migrate({ client, ...tables } as any);
            const provider = knexPredecessor.createProvider({
              events: () => client("events"),
              bookmarks: () => client("bookmarks"),
            } as any);
            return predecessor(provider, drop);
          }),
      ], only),
  };
}

async function onMariadb(
  server: string,
  open: (
    client: ReturnType<typeof knexOnMysql>,
    drop: () => Promise<unknown>,
  ) => Promise<Contender>,
): Promise<Contender> {
  const name = `evt_bench_${crypto.randomUUID().slice(0, 8)}`;
  const run = async (statement: string) => {
    const connection = await mysql2.createConnection(server);
    await connection.query(statement);
    await connection.end();
  };
  await run(`CREATE DATABASE ${name}`);
  const url = new URL(server);
  url.pathname = `/${name}`;
  const client = knexOnMysql(url.href, MAX);
  return await open(client, async () => {
    await client.destroy();
    await run(`DROP DATABASE ${name}`);
  });
}

/** MongoDB. */
export function mongoSuite(server: string): Suite {
  const onMongo = async (
    open: (
      client: MongoClient,
      name: string,
      drop: () => Promise<unknown>,
    ) => Promise<Contender>,
  ) => {
    const name = `evt_bench_${crypto.randomUUID().slice(0, 8)}`;
    const client = new MongoClient(server, { maxPoolSize: MAX });
    return await open(client, name, async () => {
      await client.db(name).dropDatabase();
      await client.close();
    });
  };
  return {
    name: "MongoDB",
    open: (only) =>
      openSome([
        () => onMongo((client, name, drop) => rawMongo(client.db(name), drop)),
        () =>
          onMongo(async (client, name, drop) => {
            const events = client.db(name).collection<any>("events");
            const bookmarks = client.db(name).collection<any>("bookmarks");
            await mongoProvider.migrate(events, bookmarks);
            const provider = mongoProvider.createProvider({
              events,
              bookmarks,
            });
            return evtstore(provider, drop);
          }),
        () =>
          onMongo(async (client, name, drop) => {
            const events = client.db(name).collection("events");
            const bookmarks = client.db(name).collection("bookmarks");
            await mongoPredecessor.migrate(events as any, bookmarks as any);
            const provider = mongoPredecessor.createProvider(
              { events, bookmarks } as any,
            );
            return predecessor(provider, drop);
          }),
      ], only),
  };
}

/** Neo4j: one database, so each contender has labels of its own. */
export function neo4jSuite(server: string): Suite {
  const client = () => neo4j.driver(server, undefined as any);
  const label = () => `Bench${crypto.randomUUID().slice(0, 8)}`;
  const drop =
    (driver: ReturnType<typeof client>, names: string[]) => async () => {
      // Not by executeQuery, whose transaction would hold all of it in memory.
      const session = driver.session();
      for (const name of names) {
        await session.run(
          `MATCH (n:${name}) CALL { WITH n DETACH DELETE n } IN TRANSACTIONS OF 5000 ROWS`,
        );
      }
      await session.close();
      await driver.close();
    };
  return {
    name: "Neo4j",
    open: (only) =>
      openSome([
        () => {
          const driver = client();
          const events = label();
          return rawNeo4j(driver, events, drop(driver, [events]));
        },
        async () => {
          const driver = client();
          const [events, bookmarks] = [label(), label()];
          await neo4jProvider.migrate({ client: driver, events, bookmarks });
          const provider = neo4jProvider.createProvider({
            client: driver,
            events,
            bookmarks,
          });
          return evtstore(provider, drop(driver, [events, bookmarks]));
        },
      ], only),
  };
}

async function openSome(
  all: (() => Promise<Contender>)[],
  only: string[] | undefined,
): Promise<Contender[]> {
  const opened: Contender[] = [];
  for (const [index, open] of all.entries()) {
    if (!only || only.includes(String(index))) opened.push(await open());
  }
  return opened;
}
