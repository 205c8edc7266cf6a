import type { ReadModel } from "./read_model.ts";

/** Runs a statement in a transaction, whatever the driver. */
export type Query<Tx> = (
  tx: Tx,
  text: string,
  values: (string | number | null)[],
) => Promise<{ [column: string]: any }[]>;

const TABLES = [
  `CREATE TABLE IF NOT EXISTS bank_balances (
     account text PRIMARY KEY,
     cents bigint NOT NULL
   )`,
  `CREATE TABLE IF NOT EXISTS bank_statements (
     account text NOT NULL,
     version integer NOT NULL,
     what text NOT NULL,
     cents bigint NOT NULL,
     transfer_id text,
     at timestamptz NOT NULL,
     PRIMARY KEY (account, version)
   )`,
];

const ADD_LINE = `INSERT INTO bank_statements
    (account, version, what, cents, transfer_id, at)
  VALUES ($1, $2, $3, $4, $5, $6)`;

const ADD_TO_BALANCE = `INSERT INTO bank_balances AS balance (account, cents)
  VALUES ($1, $2)
  ON CONFLICT (account) DO UPDATE SET cents = balance.cents + excluded.cents`;

const SELECT_BALANCES = `SELECT account, balance.cents, (
    SELECT coalesce(sum(line.cents), 0) FROM bank_statements AS line
    WHERE line.account = balance.account
  ) AS statement
  FROM bank_balances AS balance ORDER BY balance.cents DESC, account`;

/** The read model in PostgreSQL, the same for both drivers. */
export function createReadModel<Tx>(query: Query<Tx>): ReadModel<Tx> {
  return {
    async create(tx) {
      for (const table of TABLES) await query(tx, table, []);
    },

    async post(tx, { account, version, what, cents, transferId = null, at }) {
      const values = [account, version, what, cents, transferId];
      await query(tx, ADD_LINE, [...values, at.toISOString()]);
      await query(tx, ADD_TO_BALANCE, [account, cents]);
    },

    async balances(tx) {
      const rows = await query(tx, SELECT_BALANCES, []);
      // The drivers give a bigint as text.
      return rows.map(({ account, cents, statement }) => ({
        account,
        cents: Number(cents),
        statement: Number(statement),
      }));
    },
  };
}
