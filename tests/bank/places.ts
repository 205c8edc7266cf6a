import { MongoClient } from "mongodb";
import mysql from "mysql2/promise";
// @ts-types="npm:@types/pg@8"
import pg from "pg";
import { openDriver, wipe } from "../providers/support/neo4j.ts";

/** An empty place of its own in a database, and how to remove it. */
export type Place = { url: string; drop(): Promise<void> };

/** A schema of PostgreSQL, for the driver that the scheme names. */
export async function postgresPlace(
  url: string,
  scheme: string,
): Promise<Place> {
  const schema = `bank_${crypto.randomUUID().replaceAll("-", "")}`;
  const run = async (sql: string) => {
    const client = new pg.Client({ connectionString: url });
    await client.connect();
    await client.query(sql);
    await client.end();
  };
  await run(`CREATE SCHEMA ${schema}`);
  const place = new URL(url);
  if (scheme === "postgres+postgresjs") {
    place.searchParams.set("search_path", schema);
  } else place.searchParams.set("options", `-csearch_path=${schema}`);
  return {
    url: place.href.replace(/^postgres(ql)?:/, `${scheme}:`),
    drop: () => run(`DROP SCHEMA ${schema} CASCADE`),
  };
}

/** A database of MySQL or MariaDB. */
export async function mysqlPlace(url: string): Promise<Place> {
  const name = `bank_${crypto.randomUUID().replaceAll("-", "")}`;
  const run = async (sql: string) => {
    const connection = await mysql.createConnection(url);
    await connection.query(sql);
    await connection.end();
  };
  await run(`CREATE DATABASE ${name}`);
  const place = new URL(url);
  place.pathname = `/${name}`;
  return { url: place.href, drop: () => run(`DROP DATABASE ${name}`) };
}

/** A database of MongoDB. */
export async function mongoPlace(url: string): Promise<Place> {
  const place = new URL(url);
  place.pathname = `/bank_${crypto.randomUUID().replaceAll("-", "")}`;
  return {
    url: place.href,
    async drop() {
      const client = new MongoClient(place.href);
      await client.db().dropDatabase();
      await client.close();
    },
  };
}

/** Labels of Neo4j; `name` is the server's. */
export function neo4jPlace(url: string, name: string): Place {
  const prefix = `Bank${crypto.randomUUID().replaceAll("-", "")}`;
  const place = new URL(prefix, url).href;
  return {
    url: name === "neo4j35" ? place.replace("bolt:", "bolt+v3:") : place,
    async drop() {
      const driver = openDriver(url);
      for (
        const [events, bookmarks] of [
          ["Events", "Bookmarks"],
          ["Balances", "Statements"],
        ]
      ) {
        await wipe(driver, {
          events: `${prefix}${events}`,
          bookmarks: `${prefix}${bookmarks}`,
        });
      }
      await driver.close();
    },
  };
}
