import assert from "node:assert/strict";
import process from "node:process";
import { describe, it } from "node:test";
import type { Knex } from "npm:knex@3";
import type { StoreEvent } from "evtstore";
import {
  type ClientOptions,
  createProvider,
  type KnexProvider,
} from "../../providers/knex.ts";
import { findDatabase } from "../providers/support/databases.ts";
import {
  createMysqlDatabase,
  migrateMysql,
} from "../providers/support/mysql.ts";

/** A provider on a database of its own. */
export type Opened = {
  provider: KnexProvider<any>;
  client: Knex;
  url: string;
  /** What `onError` was told, by code. */
  reports: any[];
};

/** The servers that the tests run on. */
export const servers: { readonly [name: string]: string | undefined } = {
  mariadb: await findDatabase("mariadb"),
  mariadb_barrier: await findDatabase("mariadb_barrier"),
  // MySQL itself is part of the long form.
  mysql8: process.env.EVTSTORE_LONG === "1" || process.env.MYSQL8_URL
    ? await findDatabase("mysql8")
    : undefined,
};

/** What a test on "mariadb" runs on: all that show their metadata locks. */
const LIKE_MARIADB = ["mariadb", "mysql8"];

/** A test on a new database of each such server that there is. */
export function onDatabase(
  server: "mariadb" | "mariadb_barrier",
  title: string,
  test: (opened: Opened) => Promise<void>,
  options: Omit<ClientOptions, "client"> = {},
): void {
  for (const name of server === "mariadb" ? LIKE_MARIADB : [server]) {
    const url = servers[name];
    if (url) register(name, url, title, test, options);
  }
}

function register(
  server: string,
  url: string,
  title: string,
  test: (opened: Opened) => Promise<void>,
  options: Omit<ClientOptions, "client">,
): void {
  describe(`on ${server}`, () => {
    it(title, async () => {
      const database = await createMysqlDatabase(url);
      const { client } = database;
      const reports: any[] = [];
      try {
        await migrateMysql(client);
        const provider = createProvider({
          client,
          onError: (error) => void reports.push(error),
          ...options,
        });
        await test({ provider, client, url: database.url, reports });
      } finally {
        await database.drop();
      }
    });
  });
}

/** Appends one event. */
export async function append(
  provider: KnexProvider<any>,
  aggregateId: string,
  version: number,
  tx?: Knex.Transaction,
): Promise<StoreEvent<any>> {
  const events = provider.createEvents("stream", aggregateId, version, [
    { type: "Happened" },
  ]);
  const [stored] = await provider.append(
    "stream",
    aggregateId,
    version,
    events,
    tx === undefined ? {} : { tx },
  );
  return stored!;
}

/** What a handler of the stream would see after a position. */
export async function readLog(
  provider: KnexProvider<any>,
  after = 0,
): Promise<StoreEvent<any>[]> {
  return [...await provider.getEventsFrom("stream", after)];
}

/** The ids of all events that are stored, in their order. */
export async function storedIds(client: Knex): Promise<string[]> {
  const rows = await client("events").orderBy("position");
  return rows.map((row) => row.aggregate_id);
}

/** Fails unless the promise is rejected with this code. */
export async function rejectsWith(
  promise: Promise<unknown>,
  code: string,
  message: RegExp = /./,
): Promise<void> {
  await assert.rejects(promise, (error: any) => {
    assert.equal(`${error.name} ${error.code}`, `StoreError ${code}`);
    assert.match(error.message, message);
    return true;
  });
}

/** Resolves after `ms` milliseconds. */
export function sleep(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
