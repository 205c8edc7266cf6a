import { createProvider, migrate } from "evtstore/provider/knex";
import createKnex, { type Knex } from "knex";
import Mysql2Client from "knex/lib/dialects/mysql2/index.js";
import PgClient from "knex/lib/dialects/postgres/index.js";
import mysql2 from "mysql2";
// @ts-types="npm:@types/pg@8"
import pg from "pg";
import { knexOnNodeSqlite } from "./knex_node_sqlite.ts";
import type { Database } from "./open_database.ts";
import type { ReadModel } from "./read_model.ts";

/** Fewer events at a time than usual keep the peak of memory low. */
const PAGE_SIZE = 250;

// On Node `client: "mysql2"` is enough. Deno has no node_modules folder, where
// Knex would find a driver by its name.
class Mysql2 extends (Mysql2Client as any) {
  _driver() {
    return mysql2;
  }
}

class Pg extends (PgClient as any) {
  _driver() {
    return pg;
  }
}

/** Opens MySQL or MariaDB for the bank, by Knex. */
export function openMysql(url: string): Promise<Database> {
  const uri = url.replace(/^mariadb:/, "mysql:");
  return open(Mysql2, { uri, charset: "utf8mb4" });
}

/** Opens PostgreSQL for the bank, by Knex. */
export function openKnexPostgres(url: string): Promise<Database> {
  return open(Pg, url);
}

/** Opens an SQLite file for the bank, by Knex on the runtime's own module. */
export function openKnexSqlite(path: string): Promise<Database> {
  return openBank(knexOnNodeSqlite(path));
}

function open(client: unknown, connection: unknown): Promise<Database> {
  return openBank(createKnex({
    client: client as typeof Knex.Client,
    connection: connection as Knex.StaticConnectionConfig,
    pool: { min: 0, max: 10 },
  }));
}

async function openBank(knex: Knex): Promise<Database> {
  await migrate({ client: knex, events: "events", bookmarks: "bookmarks" });
  await createTables(knex);
  return {
    provider: createProvider({
      client: knex,
      events: "events",
      bookmarks: "bookmarks",
      limit: PAGE_SIZE,
    }),
    readModel,
    close: () => knex.destroy(),
  };
}

async function createTables(knex: Knex): Promise<void> {
  if (!await knex.schema.hasTable("bank_balances")) {
    await knex.schema.createTable("bank_balances", (table) => {
      table.string("account").primary();
      table.bigInteger("cents").notNullable();
    });
  }
  if (!await knex.schema.hasTable("bank_statements")) {
    await knex.schema.createTable("bank_statements", (table) => {
      table.string("account").notNullable();
      table.integer("version").notNullable();
      table.string("what").notNullable();
      table.bigInteger("cents").notNullable();
      table.string("transfer_id");
      table.string("at").notNullable();
      table.primary(["account", "version"]);
    });
  }
}

const readModel: ReadModel<Knex.Transaction> = {
  // Made beforehand: in MySQL a table that is made commits the transaction.
  async create() {},

  async post(tx, { account, version, what, cents, transferId = null, at }) {
    await tx("bank_statements").insert({
      account,
      version,
      what,
      cents,
      transfer_id: transferId,
      at: at.toISOString(),
    });
    await tx("bank_balances").insert({ account, cents })
      .onConflict("account")
      .merge({ cents: tx.raw("bank_balances.cents + ?", [cents]) });
  },

  async balances(tx) {
    const rows = await tx("bank_balances as balance")
      .select("account", "cents", {
        statement: tx("bank_statements as line").sum("line.cents")
          .whereRaw("line.account = balance.account"),
      })
      .orderBy([{ column: "cents", order: "desc" }, "account"]);
    return rows.map(({ account, cents, statement }) => ({
      account,
      cents: Number(cents),
      statement: Number(statement ?? 0),
    }));
  },
};
