import type { Knex } from "npm:knex@3";
import { createConnection } from "npm:mysql2@3/promise";
import { allCapabilities, type ProviderFixture } from "evtstore/testing";
import {
  type ClientOptions,
  createProvider,
  migrate,
  type MigrateOptions,
} from "../../../providers/knex.ts";
import { knexOnMysql } from "./knex.ts";

/** A database of its own, and how to be rid of it. */
export type MysqlDatabase = {
  /** Its address. */
  url: string;
  /** Knex on it, as the application has it. */
  client: Knex;
  /** Closes Knex and drops the database. */
  drop(): Promise<void>;
};

/** Creates a database on the server. */
export async function createMysqlDatabase(
  server: string,
): Promise<MysqlDatabase> {
  const name = `evt_${crypto.randomUUID().replaceAll("-", "").slice(0, 16)}`;
  await onServer(server, `CREATE DATABASE ${name}`);
  const url = new URL(server);
  url.pathname = `/${name}`;
  const client = knexOnMysql(url.href);
  return {
    url: url.href,
    client,
    async drop() {
      await dropDatabase(server, name);
      // Knex waits for a transaction that a failed test has not ended.
      await Promise.race([
        client.destroy(),
        new Promise((resolve) => setTimeout(resolve, 1000)),
      ]);
    },
  };
}

/**
 * Makes the tables; on a MySQL that is older than its collation of bytes, with
 * the nearest that it has.
 */
export async function migrateMysql(
  client: Knex,
  tables: Omit<MigrateOptions, "client" | "print"> = {},
): Promise<void> {
  if (await hasByteCollation(client)) {
    return await migrate({ client, ...tables });
  }
  const statements = await migrate({ client, ...tables, print: true });
  for (const statement of statements) {
    await client.raw(statement.replaceAll(BYTES, NEAREST_TO_BYTES));
  }
}

/** Whether the server tells every two texts apart: MySQL since 8.0.17. */
export async function hasByteCollation(client: Knex): Promise<boolean> {
  const [[{ version }]] = await client.raw("SELECT VERSION() AS version");
  if (/mariadb/i.test(version)) return true;
  const [rows] = await client.raw("SHOW COLLATION LIKE ?", [BYTES]);
  return rows.length > 0;
}

const BYTES = "utf8mb4_0900_bin";
const NEAREST_TO_BYTES = "utf8mb4_0900_as_cs";

/** The provider on a new database, for the suite. */
export function mysqlFixture(
  server: string,
  options: Omit<ClientOptions, "client"> = {},
): ProviderFixture<Knex.Transaction> {
  return {
    capabilities: allCapabilities,
    async open() {
      const { client, url, drop } = await createMysqlDatabase(server);
      await migrateMysql(client, tablesOf(options));
      await client.schema.createTable("scratch", (table) => {
        table.string("key").primary();
        table.string("value");
      });
      const others: Knex[] = [];
      return {
        provider: createProvider({ client, onError: () => {}, ...options }),
        async another() {
          const other = knexOnMysql(url);
          others.push(other);
          return createProvider({
            client: other,
            onError: () => {},
            ...options,
          });
        },
        scratch: {
          write: async (tx, key, value) => {
            await tx("scratch").insert({ key, value }).onConflict("key")
              .merge();
          },
          read: async (key) =>
            (await client("scratch").where({ key }).first())?.value,
        },
        async close() {
          await Promise.all(others.map((other) => other.destroy()));
          await drop();
        },
      };
    },
  };
}

function tablesOf(options: Omit<ClientOptions, "client">) {
  const { events, bookmarks, records } = options;
  return {
    ...(events === undefined ? {} : { events }),
    ...(bookmarks === undefined ? {} : { bookmarks }),
    ...(records === undefined ? {} : { records }),
  };
}

async function dropDatabase(server: string, name: string): Promise<void> {
  const connection = await createConnection(server);
  try {
    // What a failed test has left open would keep the database locked.
    const [others] = await connection.query<any>(
      "SELECT id AS id FROM information_schema.processlist WHERE db = ?",
      [name],
    );
    for (const { id } of others) {
      await connection.query(`KILL ${id}`).catch((error) => {
        if (error.code !== "ER_NO_SUCH_THREAD") throw error;
      });
    }
    await connection.query(`DROP DATABASE ${name}`);
  } finally {
    await connection.end();
  }
}

async function onServer(server: string, statement: string): Promise<void> {
  const connection = await createConnection(server);
  try {
    await connection.query(statement);
  } finally {
    await connection.end();
  }
}
