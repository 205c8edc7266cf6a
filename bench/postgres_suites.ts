// @ts-types="npm:@types/pg@8"
import pg from "pg";
import postgres from "postgres";
import * as knexPredecessor from "npm:evtstore@12.0.1/provider/knex.js";
import * as pgPredecessor from "npm:evtstore@12.0.1/provider/pg.js";
import * as postgresPredecessor from "npm:evtstore@12.0.1/provider/postgres.js";
import * as knexProvider from "../providers/knex.ts";
import * as pgProvider from "../providers/pg.ts";
import * as postgresProvider from "../providers/postgres.ts";
import type { Contender } from "./contender.ts";
import { emmett } from "./emmett.ts";
import { evtstore } from "./evtstore.ts";
import { predecessor } from "./evtstore_12.ts";
import { knexOnPostgres, toLists } from "./knex_drivers.ts";
import { createDatabase } from "./postgres_database.ts";
import { POSTGRES, rawSql } from "./raw_sql.ts";
import type { Suite } from "./suite.ts";

const TABLES = { events: "events", bookmarks: "bookmarks" };
/** Connections that each contender may have. */
const MAX = 10;

/** The three drivers of PostgreSQL, on one server. */
export function postgresSuites(server: string): Suite[] {
  return [
    {
      name: "pg on PostgreSQL",
      open: (only) =>
        openAll(server, only, [
          rawPg,
          async (url, drop) => {
            const client = new pg.Pool({ connectionString: url, max: MAX });
            await pgProvider.migrate({ client });
            return evtstore(
              pgProvider.createProvider({ client }),
              () => client.end().then(drop),
            );
          },
          async (url, drop) => {
            const client = new pg.Pool({ connectionString: url, max: MAX });
            await pgPredecessor.migrate({ client, ...TABLES } as any);
            return predecessor(
              pgPredecessor.createProvider({ client, ...TABLES } as any),
              () => client.end().then(drop),
            );
          },
          emmett,
        ]),
    },
    {
      name: "postgres on PostgreSQL",
      open: (only) =>
        openAll(server, only, [
          rawPostgresJs,
          async (url, drop) => {
            const sql = postgres(url, { max: MAX });
            await postgresProvider.migrate({ sql });
            return evtstore(
              postgresProvider.createProvider({ sql }),
              () => sql.end({ timeout: 5 }).then(drop),
            );
          },
          async (url, drop) => {
            const sql = postgres(url, { max: MAX, onnotice: () => {} });
            await postgresPredecessor.migrate({ sql, ...TABLES } as any);
            return predecessor(
              postgresPredecessor.createProvider({ sql, ...TABLES } as any),
              () => sql.end({ timeout: 5 }).then(drop),
            );
          },
        ]),
    },
    {
      name: "Knex on PostgreSQL",
      open: (only) =>
        openAll(server, only, [
          rawKnex,
          async (url, drop) => {
            const client = knexOnPostgres(url, MAX);
            await knexProvider.migrate({ client });
            return evtstore(
              knexProvider.createProvider({ client }),
              () => client.destroy().then(drop),
            );
          },
          async (url, drop) => {
            const client = knexOnPostgres(url, MAX);
            await knexPredecessor.migrate({ client, ...TABLES } as any);
            return predecessor(
              knexPredecessor.createProvider({
                events: () => client("events"),
                bookmarks: () => client("bookmarks"),
              } as any),
              () => client.destroy().then(drop),
            );
          },
        ]),
    },
  ];
}

/** Makes a contender in a database of its own; `drop` drops that. */
type Open = (
  url: string,
  drop: () => Promise<unknown>,
) => Promise<Contender>;

/** One after the other, so that what one has made is closed if the next fails. */
async function openAll(
  server: string,
  only: string[] | undefined,
  all: Open[],
): Promise<Contender[]> {
  const opened: Contender[] = [];
  for (const [index, open] of all.entries()) {
    if (only && !only.includes(String(index))) continue;
    const { url, drop } = await createDatabase(server);
    opened.push(await open(url, drop));
  }
  return opened;
}

const rawPg: Open = (url, drop) => {
  const pool = new pg.Pool({ connectionString: url, max: MAX });
  const names = new Map<string, string>();
  return rawSql(
    POSTGRES,
    async (text, values) => {
      const name = names.get(text) ?? `raw_${names.size}`;
      names.set(text, name);
      return (await pool.query({ name, text, values, rowMode: "array" })).rows;
    },
    (text) => pool.query(text),
    () => pool.end().then(drop),
  );
};

const rawPostgresJs: Open = (url, drop) => {
  const sql = postgres(url, { max: MAX });
  return rawSql(
    POSTGRES,
    (text, values) =>
      sql.unsafe(text, values as any, { prepare: true }).values(),
    (text) => sql.unsafe(text),
    () => sql.end({ timeout: 5 }).then(drop),
  );
};

// Knex prepares nothing, and has question marks.
const rawKnex: Open = (url, drop) => {
  const client = knexOnPostgres(url, MAX);
  const texts = new Map<string, string>();
  return rawSql(
    POSTGRES,
    async (text, values) => {
      const bindings = texts.get(text) ?? text.replace(/\$\d+/g, "?");
      texts.set(text, bindings);
      const { rows } = await client.raw(bindings, values as any);
      return toLists(rows);
    },
    (text) => client.raw(text),
    () => client.destroy().then(drop),
  );
};
