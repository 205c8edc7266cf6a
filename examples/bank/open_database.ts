import type { Provider } from "evtstore";
import type { ReadModel } from "./read_model.ts";

/** Where the bank keeps its events, and beside them its read model. */
export type Database<Tx = any> = {
  /** The log. It must be able to `transact` and to `findCommand`. */
  provider:
    & Provider<any, Tx>
    & Required<Pick<Provider<any, Tx>, "transact" | "findCommand">>;
  /** The tables of balances and statements, in the same database. */
  readModel: ReadModel<Tx>;
  /** Ends the connections. */
  close(): Promise<void>;
};

type Open = (location: string) => Promise<Database>;

/**
 * The databases that the bank runs on, by the scheme of their URL. Another one
 * is a file like `sqlite_database.ts` and a line here. Only the file that is
 * needed is loaded, and with it the driver.
 */
const databases = new Map<string, Open>([
  ["sqlite", async (url) => {
    const { openSqlite } = await import("./sqlite_database.ts");
    return await openSqlite(url.slice("sqlite:".length));
  }],
  ["sqlite+knex", async (url) => {
    const { openKnexSqlite } = await import("./knex_database.ts");
    return await openKnexSqlite(url.slice("sqlite+knex:".length));
  }],
  ["postgres", async (url) => {
    const { openPg } = await import("./pg_database.ts");
    return await openPg(url);
  }],
  ["postgres+postgresjs", async (url) => {
    const { openPostgresJs } = await import("./postgresjs_database.ts");
    return await openPostgresJs(url.replace("+postgresjs", ""));
  }],
  ["postgres+knex", async (url) => {
    const { openKnexPostgres } = await import("./knex_database.ts");
    return await openKnexPostgres(url.replace("+knex", ""));
  }],
  ["mysql", async (url) => {
    const { openMysql } = await import("./knex_database.ts");
    return await openMysql(url);
  }],
  ["mongodb", async (url) => {
    const { openMongo } = await import("./mongo_database.ts");
    return await openMongo(url);
  }],
  ["mongodb+srv", async (url) => {
    const { openMongo } = await import("./mongo_database.ts");
    return await openMongo(url);
  }],
  ["bolt", async (url) => {
    const { openNeo4j } = await import("./neo4j_database.ts");
    return await openNeo4j(url);
  }],
  ["neo4j", async (url) => {
    const { openNeo4j } = await import("./neo4j_database.ts");
    return await openNeo4j(url);
  }],
  ["bolt+v3", async (url) => {
    const { openNeo4jV3 } = await import("./neo4j_v3_database.ts");
    return await openNeo4jV3(url);
  }],
]);

/**
 * Opens the database at a URL such as `sqlite:bank.db`, and makes the tables of
 * the read model; a path without a scheme is an SQLite file.
 *
 * @throws If there is no such kind of database, or it cannot be opened.
 */
export async function openDatabase(location: string): Promise<Database> {
  const database = await connectDatabase(location);
  await database.provider.transact((tx) => database.readModel.create(tx));
  return database;
}

/** Opens the database as it is: with the log, and no more. */
export async function connectDatabase(location: string): Promise<Database> {
  // One letter is a drive of Windows.
  const scheme = /^([a-z][a-z0-9+.-]+):/i.exec(location)?.[1]?.toLowerCase();
  const open = databases.get(scheme ?? "sqlite");
  if (!open) {
    // The URL may hold a password, so the message does not repeat it.
    throw new Error(
      `Cannot open a database of the kind "${scheme}:": the bank knows a path, ${
        [...databases.keys()].map((known) => `${known}:`).join(", ")
      }`,
    );
  }
  return await open(scheme ? location : `sqlite:${location}`);
}
