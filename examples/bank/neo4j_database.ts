import { createProvider, cypher, migrate } from "evtstore/provider/neo4j";
import { setTimeout as sleep } from "node:timers/promises";
import neo4j, { type Driver, type Transaction } from "neo4j-driver";
import type { Database } from "./open_database.ts";
import type { ReadModel } from "./read_model.ts";

/** Fewer events at a time than usual keep the peak of memory low. */
const PAGE_SIZE = 250;

/** How often a constraint is tried to be made. */
const MAX_TRIES = 10;

/** What differs from one server to the next. */
export type Neo4jServer = {
  /** The provider that is for it. */
  createProvider: typeof createProvider;
  migrate: typeof migrate;
  /** Makes a property unique among the nodes of a label. */
  unique(label: string, property: string): string;
  /** Makes nodes be found by a property. */
  index(label: string, property: string): string;
};

/**
 * Opens a Neo4j server for the bank, by a URL such as
 * `bolt://user:password@127.0.0.1:7687/Bank`. The path is what the labels of
 * its nodes begin with: the server has one database for all.
 */
export function openNeo4j(url: string): Promise<Database<Transaction>> {
  return openServer(url, {
    createProvider,
    migrate,
    unique: (label, property) =>
      `CREATE CONSTRAINT IF NOT EXISTS FOR (n:${label})
       REQUIRE n.${property} IS UNIQUE`,
    index: (label, property) =>
      `CREATE INDEX IF NOT EXISTS FOR (n:${label}) ON (n.${property})`,
  });
}

/** Opens a server, of whichever version. */
export async function openServer(
  url: string,
  server: Neo4jServer,
): Promise<Database<Transaction>> {
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
  const balances = quote(`${prefix}Balances`);
  const statements = quote(`${prefix}Statements`);
  try {
    await server.migrate({ client, ...labels });
    await createSchema(client, [
      server.unique(balances, "account"),
      server.unique(statements, "id"),
      server.index(statements, "account"),
    ]);
  } catch (error) {
    await client.close();
    throw error;
  }
  return {
    provider: server.createProvider({ client, ...labels, limit: PAGE_SIZE }),
    readModel: createReadModel(balances, statements),
    close: () => client.close(),
  };
}

/** Two processes that begin together are in each other's way at times. */
async function createSchema(
  client: Driver,
  statements: string[],
): Promise<void> {
  for (const statement of statements) {
    for (let tries = 1;; tries++) {
      try {
        await cypher(client, statement);
        break;
      } catch (error) {
        if (tries === MAX_TRIES) throw error;
        await sleep(Math.random() * 200);
      }
    }
  }
}

function createReadModel(
  balances: string,
  statements: string,
): ReadModel<Transaction> {
  const post = `CREATE (line:${statements})
    SET line = $line
    MERGE (balance:${balances} {account: $line.account})
    ON CREATE SET balance.cents = $line.cents
    ON MATCH SET balance.cents = balance.cents + $line.cents`;

  const selectBalances = `MATCH (balance:${balances})
    OPTIONAL MATCH (line:${statements})
    WHERE line.account = balance.account
    WITH balance, coalesce(sum(line.cents), 0) AS statement
    RETURN balance.account AS account, balance.cents AS cents, statement
    ORDER BY cents DESC, account`;

  return {
    // Constraints need a transaction of their own.
    async create() {},

    async post(tx, { account, version, what, cents, transferId = null, at }) {
      // A number would arrive as a float.
      const line = {
        id: `${account} ${version}`,
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
