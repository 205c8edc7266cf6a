import { createProvider, migrate } from "evtstore/provider/sqlite";
import type { DatabaseSync, StatementSync } from "node:sqlite";
import type { Database } from "./open_database.ts";
import type { Balance, ReadModel } from "./read_model.ts";

/** Fewer events at a time than usual keep the peak of memory low. */
const PAGE_SIZE = 250;

/** Opens a file for the bank, and makes it if there is none. */
export async function openSqlite(
  path: string,
): Promise<Database<DatabaseSync>> {
  await migrate({ path });
  const provider = createProvider({ path, limit: PAGE_SIZE });
  return { provider, readModel, close: () => provider.close() };
}

const TABLES = [
  `CREATE TABLE IF NOT EXISTS bank_balances (
     account TEXT PRIMARY KEY,
     cents INTEGER NOT NULL
   )`,
  `CREATE TABLE IF NOT EXISTS bank_statements (
     account TEXT NOT NULL,
     version INTEGER NOT NULL,
     what TEXT NOT NULL,
     cents INTEGER NOT NULL,
     transfer_id TEXT,
     at TEXT NOT NULL,
     PRIMARY KEY (account, version)
   ) WITHOUT ROWID`,
];

const ADD_LINE = `INSERT INTO bank_statements
  (account, version, what, cents, transfer_id, at) VALUES (?, ?, ?, ?, ?, ?)`;

const ADD_TO_BALANCE = `INSERT INTO bank_balances (account, cents) VALUES (?, ?)
  ON CONFLICT (account) DO UPDATE SET cents = cents + excluded.cents`;

const SELECT_BALANCES = `SELECT account, balance.cents, (
    SELECT coalesce(sum(line.cents), 0) FROM bank_statements AS line
    WHERE line.account = balance.account
  ) AS statement
  FROM bank_balances AS balance ORDER BY balance.cents DESC, account`;

const readModel: ReadModel<DatabaseSync> = {
  async create(tx) {
    for (const table of TABLES) prepare(tx, table).run();
  },

  async post(tx, { account, version, what, cents, transferId = null, at }) {
    prepare(tx, ADD_LINE)
      .run(account, version, what, cents, transferId, at.toISOString());
    prepare(tx, ADD_TO_BALANCE).run(account, cents);
  },

  async balances(tx) {
    return prepare(tx, SELECT_BALANCES).all() as Balance[];
  },
};

const prepared = new WeakMap<DatabaseSync, Map<string, StatementSync>>();

function prepare(tx: DatabaseSync, sql: string): StatementSync {
  let statements = prepared.get(tx);
  if (!statements) prepared.set(tx, statements = new Map());
  let statement = statements.get(sql);
  if (!statement) statements.set(sql, statement = tx.prepare(sql));
  return statement;
}
