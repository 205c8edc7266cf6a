import createKnex, { type Knex } from "npm:knex@3";
import PgClient from "npm:knex@3/lib/dialects/postgres/index.js";
import pg from "npm:pg@8";
import Mysql2Client from "npm:knex@3/lib/dialects/mysql2/index.js";
import mysql2 from "npm:mysql2@3";

// Without a node_modules folder Knex does not find a driver by its name.
class Pg extends (PgClient as any) {
  _driver() {
    return pg;
  }
}

class Mysql2 extends (Mysql2Client as any) {
  _driver() {
    return mysql2;
  }
}

/** Knex on PostgreSQL. */
export function knexOnPostgres(url: string, max: number): Knex {
  return createKnex({
    client: Pg as unknown as typeof Knex.Client,
    connection: url,
    pool: { min: 0, max },
  });
}

/** Knex on MySQL or MariaDB. */
export function knexOnMysql(url: string, max: number): Knex {
  return createKnex({
    client: Mysql2 as unknown as typeof Knex.Client,
    // evtstore 12 asks for what MySQL does not have, and Knex warns each time.
    log: { warn: () => {} },
    connection: { uri: url, charset: "utf8mb4" } as any,
    pool: { min: 0, max },
  });
}

/** The rows that Knex answers with, as lists; none for a statement without any. */
export function toLists(rows: unknown): any[][] {
  return Array.isArray(rows) ? rows.map((row) => Object.values(row)) : [];
}
