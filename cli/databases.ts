import { existsSync } from "node:fs";
import { resolve } from "node:path";
import type { Provider } from "../core/provider.ts";
import { loadDriver } from "./driver.ts";
import { UsageError } from "./failure.ts";

/** A database that was opened by its URL. */
export type OpenedDatabase = {
  /** Its log. */
  provider: Provider<any>;
  /** Makes or upgrades its tables. */
  migrate(): Promise<unknown>;
  /** Ends the connections. */
  close(): Promise<unknown>;
};

/** How to open a database. */
export type DatabaseOptions = {
  /** What it is called by, with its scheme. */
  url: string;
  /** The table, collection or label of events. */
  events?: string;
  /** The same of bookmarks. */
  bookmarks?: string;
  /** Where the command is run. */
  cwd: string;
  /** Whether a file may be made that is not there. */
  mayCreate: boolean;
};

type Open = (options: DatabaseOptions) => Promise<OpenedDatabase>;

/** Failures reach the one who has typed the command. */
const onError = (): void => {};

const openSqlite: Open = async (
  { url, events, bookmarks, cwd, mayCreate },
) => {
  const { createProvider, migrate } = await import("../providers/sqlite.ts");
  const path = resolve(cwd, url.replace(/^sqlite(\+knex)?:/i, ""));
  // Or a name that was mistyped becomes an empty file.
  if (!mayCreate && !existsSync(path)) {
    throw new UsageError(`There is no file ${path}: migrate makes one`);
  }
  const options = { path, ...tables(events, bookmarks) };
  const provider = createProvider({ ...options, onError });
  return {
    provider,
    migrate: () => migrate(options),
    close: () => provider.close(),
  };
};

const openPg: Open = async ({ url, events, bookmarks, cwd }) => {
  const { createProvider, migrate } = await import("../providers/pg.ts");
  // deno-lint-ignore no-explicit-any
  const { default: pg } = await loadDriver<any>(
    () => import("pg"),
    ["pg"],
    cwd,
  );
  const client = new pg.Pool({
    connectionString: url.replace("+knex:", ":"),
  });
  const options = { client, ...tables(events, bookmarks) };
  return {
    provider: createProvider({ ...options, limit: 1000, onError }),
    migrate: () => migrate(options),
    close: () => client.end(),
  };
};

const openPostgresJs: Open = async ({ url, events, bookmarks, cwd }) => {
  const { createProvider, migrate } = await import("../providers/postgres.ts");
  const { default: postgres } = await loadDriver<any>(
    () => import("postgres"),
    ["postgres"],
    cwd,
  );
  const sql = postgres(url.replace("+postgresjs", ""), { onnotice: () => {} });
  const options = { sql, ...tables(events, bookmarks) };
  return {
    provider: createProvider({ ...options, limit: 1000, onError }),
    migrate: () => migrate(options),
    close: () => sql.end(),
  };
};

const openMysql: Open = async (
  { url, events = "events", bookmarks = "bookmarks", cwd },
) => {
  const { createProvider, migrate } = await import("../providers/knex.ts");
  const [{ default: createKnex }, { default: Mysql2 }, { default: driver }] =
    await loadDriver<any>(
      () =>
        Promise.all([
          import("knex"),
          import("knex/lib/dialects/mysql2/index.js"),
          import("mysql2"),
        ]),
      ["knex", "mysql2"],
      cwd,
    );
  // Knex would look for the driver by its name beside itself.
  class Client extends (Mysql2 as any) {
    _driver() {
      return driver;
    }
  }
  const client = createKnex({
    client: Client,
    connection: {
      uri: url.replace(/^mariadb:/, "mysql:"),
      charset: "utf8mb4",
    },
    pool: { min: 0, max: 5 },
  });
  const options = { client, events, bookmarks };
  return {
    provider: createProvider({ ...options, limit: 1000, onError }),
    migrate: () => migrate(options),
    close: () => client.destroy(),
  };
};

const openMongo: Open = async (
  { url, events = "events", bookmarks = "bookmarks", cwd },
) => {
  const { createProvider, migrate } = await import("../providers/mongo.ts");
  const { MongoClient } = await loadDriver<any>(
    () => import("mongodb"),
    ["mongodb"],
    cwd,
  );
  const client = new MongoClient(url);
  const database = client.db();
  const options = {
    events: database.collection(events),
    bookmarks: database.collection(bookmarks),
  };
  return {
    provider: createProvider({ ...options, onError }),
    migrate: () => migrate(options),
    close: () => client.close(),
  };
};

const openNeo4j = (isV3: boolean): Open => async (options) => {
  const { cwd } = options;
  const { createProvider, migrate } = isV3
    ? await import("../providers/neo4j_v3.ts")
    : await import("../providers/neo4j.ts");
  const { default: neo4j } = await loadDriver<any>(
    () => import("neo4j-driver"),
    ["neo4j-driver"],
    cwd,
  );
  const { protocol, host, username, password, pathname } = new URL(
    options.url.replace("+v3", ""),
  );
  // The server has one database for all: labels tell its logs apart.
  const prefix = decodeURIComponent(pathname.slice(1));
  const { events = `${prefix}Events`, bookmarks = `${prefix}Bookmarks` } =
    options;
  const client = neo4j.driver(
    `${protocol}//${host}`,
    neo4j.auth.basic(
      decodeURIComponent(username) || "neo4j",
      decodeURIComponent(password) || "none",
    ),
  );
  return {
    provider: createProvider({ client, events, bookmarks, onError }),
    migrate: () => migrate({ client, events, bookmarks }),
    close: () => client.close(),
  };
};

const openNats: Open = async ({ url, events, cwd }) => {
  const { createProvider, migrate } = await import("../providers/nats.ts");
  const { connect, headers } = await loadDriver<any>(
    () => import("@nats-io/transport-node"),
    ["@nats-io/transport-node"],
    cwd,
  );
  const { host, username, password, pathname } = new URL(url);
  const user = decodeURIComponent(username);
  const connection = await connect({
    servers: host,
    ...user === "" ? {} : { user, pass: decodeURIComponent(password) },
  });
  // The bookmarks are in the bucket of the same name.
  const name = events ?? decodeURIComponent(pathname.slice(1));
  const options = { connection, ...name === "" ? {} : { name } };
  return {
    provider: createProvider({ ...options, headers, onError }),
    migrate: () => migrate(options),
    close: () => connection.close(),
  };
};

/** By scheme. Only the driver that is needed is loaded. */
const databases = new Map<string, Open>([
  ["sqlite", openSqlite],
  ["sqlite+knex", openSqlite],
  ["postgres", openPg],
  ["postgresql", openPg],
  ["postgres+knex", openPg],
  ["postgres+postgresjs", openPostgresJs],
  ["mysql", openMysql],
  ["mariadb", openMysql],
  ["mongodb", openMongo],
  ["mongodb+srv", openMongo],
  ["bolt", openNeo4j(false)],
  ["bolt+s", openNeo4j(false)],
  ["neo4j", openNeo4j(false)],
  ["neo4j+s", openNeo4j(false)],
  ["bolt+v3", openNeo4j(true)],
  ["nats", openNats],
]);

/**
 * Opens the database at a URL; a path without a scheme is an SQLite file.
 *
 * @throws {UsageError} For a scheme that is not known, or a missing driver.
 */
export async function openDatabase(
  options: DatabaseOptions,
): Promise<OpenedDatabase> {
  // One letter is a drive of Windows.
  const scheme = /^([a-z][a-z0-9+.-]+):/i.exec(options.url)?.[1]
    ?.toLowerCase() ?? "sqlite";
  const open = databases.get(scheme);
  if (open) return await open(options);
  // The URL may hold a password, so the message does not repeat it.
  throw new UsageError(
    `There is no database of the kind "${scheme}:": give a path, or ${
      [...databases.keys()].map((known) => `${known}:`).join(", ")
    }`,
  );
}

function tables(events: string | undefined, bookmarks: string | undefined) {
  return {
    ...events === undefined ? {} : { events },
    ...bookmarks === undefined ? {} : { bookmarks },
  };
}
