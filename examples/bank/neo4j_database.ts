import { createProvider, migrate } from "evtstore/provider/neo4j";
import neo4j, { type Transaction } from "neo4j-driver";
import type { Database } from "./open_database.ts";
import type { ReadModel } from "./read_model.ts";

/** Fewer events at a time than usual keep the peak of memory low. */
const PAGE_SIZE = 250;

/**
 * Opens a Neo4j server for the bank, by a URL such as
 * `bolt://user:password@127.0.0.1:7687/Bank`. The path is what the labels of
 * its nodes begin with: the server has one database for all.
 */
export async function openNeo4j(url: string): Promise<Database<Transaction>> {
  const { protocol, host, username, password, pathname } = new URL(url);
  const prefix = decodeURIComponent(pathname.slice(1)) || "Bank";
  const client = neo4j.driver(
    `${protocol}//${host}`,
    neo4j.auth.basic(
      decodeURIComponent(username) || "neo4j",
      decodeURIComponent(password) || "none",
    ),
  );
  const labels = {
    events: `${prefix}Events`,
    bookmarks: `${prefix}Bookmarks`,
  };
  try {
    await migrate({ client, ...labels });
  } catch (error) {
    await client.close();
    throw error;
  }
  return {
    provider: createProvider({ client, ...labels, limit: PAGE_SIZE }),
    readModel: createReadModel(
      quote(`${prefix}Balances`),
      quote(`${prefix}Statements`),
    ),
    close: () => client.close(),
  };
}

function createReadModel(
  balances: string,
  statements: string,
): ReadModel<Transaction> {
  const constraints = [
    `CREATE CONSTRAINT IF NOT EXISTS FOR (balance:${balances})
       REQUIRE balance.account IS UNIQUE`,
    `CREATE CONSTRAINT IF NOT EXISTS FOR (line:${statements})
       REQUIRE (line.account, line.version) IS UNIQUE`,
  ];

  const post = `CREATE (line:${statements})
    SET line = $line
    MERGE (balance:${balances} {account: $line.account})
    ON CREATE SET balance.cents = $line.cents
    ON MATCH SET balance.cents = balance.cents + $line.cents`;

  const selectBalances = `MATCH (balance:${balances})
    OPTIONAL MATCH (line:${statements})
    WHERE line.account = balance.account AND line.version > 0
    WITH balance, coalesce(sum(line.cents), 0) AS statement
    RETURN balance.account AS account, balance.cents AS cents, statement
    ORDER BY cents DESC, account`;

  return {
    async create(tx) {
      for (const constraint of constraints) await tx.run(constraint);
    },

    async post(tx, { account, version, what, cents, transferId = null, at }) {
      // A number would arrive as a float.
      const line = {
        account,
        version: BigInt(version),
        what,
        cents: BigInt(cents),
        transferId,
        at: at.toISOString(),
      };
      await tx.run(post, { line });
    },

    async balances(tx) {
      const { records } = await tx.run(selectBalances);
      return records.map((row) => ({
        account: row.get("account"),
        cents: Number(row.get("cents")),
        statement: Number(row.get("statement")),
      }));
    },
  };
}

// Cypher reads \u0060 as a backtick, inside of backticks too; the provider has
// refused a label with a backslash by then.
function quote(label: string): string {
  return `\`${label.replaceAll("`", "``")}\``;
}
