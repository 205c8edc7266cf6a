import neo4jDriver5 from "npm:neo4j-driver@5";
import neo4jDriver6, {
  type Driver,
  type Transaction,
} from "npm:neo4j-driver@6";
import { randomUUID } from "node:crypto";
import process from "node:process";
import { allCapabilities, type ProviderFixture } from "evtstore/testing";
import * as current from "../../../providers/neo4j.ts";
import * as v3 from "../../../providers/neo4j_v3.ts";
import { findDatabase } from "./databases.ts";

/** A server, and the provider that is for it. */
export type Neo4jServer = {
  name: string;
  url: string;
  module: Pick<typeof current, "createProvider" | "migrate">;
};

/** Whether this run takes its time. */
export const isLong: boolean = process.env.EVTSTORE_LONG === "1";

/** The servers of these names that there are; only in the long form, more. */
export async function findServers(
  names: readonly string[],
  longNames: readonly string[] = [],
): Promise<Neo4jServer[]> {
  const servers: Neo4jServer[] = [];
  for (const name of isLong ? [...names, ...longNames] : names) {
    const url = await findDatabase(name);
    const module = name === "neo4j35" ? v3 : current;
    if (url !== undefined) servers.push({ name, url, module });
  }
  return servers;
}

/** A driver of the user's own making. */
export function openDriver(url: string, version: 5 | 6 = 6): Driver {
  const { username, password, protocol, host } = new URL(url);
  const neo4j = version === 6
    ? neo4jDriver6
    : neo4jDriver5 as unknown as typeof neo4jDriver6;
  return neo4j.driver(
    `${protocol}//${host}`,
    neo4j.auth.basic(
      decodeURIComponent(username) || "neo4j",
      decodeURIComponent(password) || "none",
    ),
  );
}

/** Labels that nobody else uses: the servers have one database. */
export function ownLabels(): { events: string; bookmarks: string } {
  const name = `Test${randomUUID().replaceAll("-", "")}`;
  return { events: `${name}Events`, bookmarks: `${name}Bookmarks` };
}

/** Removes what was stored under the labels, with constraints and indexes. */
export async function wipe(
  driver: Driver,
  { events, bookmarks }: { events: string; bookmarks: string },
): Promise<void> {
  const labels = [events, bookmarks, `${events}Records`, `${events}Counter`];
  for (const label of [...labels, `${events}Scratch`]) {
    const quoted = `\`${label.replaceAll("`", "``")}\``;
    let left = 1;
    while (left > 0) {
      const [row] = await current.cypher<{ count: unknown }>(
        driver,
        `MATCH (n:${quoted}) WITH n LIMIT 5000 DETACH DELETE n RETURN count(*) AS count`,
      );
      left = Number(String(row?.count ?? 0));
    }
  }
  await dropSchema(driver, labels);
}

async function dropSchema(driver: Driver, labels: string[]): Promise<void> {
  const run = (query: string) => current.cypher<any>(driver, query);
  const isOurs = (row: any) =>
    row.labelsOrTypes?.some((label: string) => labels.includes(label));
  try {
    for (const row of (await run("SHOW CONSTRAINTS")).filter(isOurs)) {
      await run(`DROP CONSTRAINT \`${row.name}\` IF EXISTS`);
    }
    for (const row of (await run("SHOW INDEXES")).filter(isOurs)) {
      await run(`DROP INDEX \`${row.name}\` IF EXISTS`);
    }
  } catch {
    // 3.5 has names for neither; they are empty, and in nobody's way.
  }
}

/** The provider under labels of its own, for the suite. */
export function neo4jFixture(
  server: Neo4jServer,
  version: 5 | 6 = 6,
): ProviderFixture<Transaction> {
  return {
    capabilities: allCapabilities,
    // A transaction is several round trips, and the machine may be busy.
    patience: 60_000,
    async open() {
      const client = openDriver(server.url, version);
      const labels = ownLabels();
      await server.module.migrate({ client, ...labels });
      const open = () =>
        server.module.createProvider({ client, ...labels, onError: () => {} });
      const scratch = `${labels.events}Scratch`;
      return {
        provider: open(),
        another: async () => open(),
        scratch: {
          async write(tx, key, value) {
            await tx.run(
              `MERGE (n:${scratch} {key: $key}) SET n.value = $value`,
              { key, value },
            );
          },
          async read(key) {
            const [row] = await current.cypher<{ value: string }>(
              client,
              `MATCH (n:${scratch} {key: $key}) RETURN n.value AS value`,
              { key },
            );
            return row?.value;
          },
        },
        async close() {
          await wipe(client, labels);
          await client.close();
        },
      };
    },
  };
}

/** A migrated set of labels, with providers on as many drivers as needed. */
export type Neo4jDatabase = {
  client: Driver;
  labels: { events: string; bookmarks: string };
  /** Opens a provider with a driver of its own, as another process would. */
  open(
    options?: { limit?: number; transactionTimeoutMs?: number },
  ): current.Neo4jProvider<any>;
  /** Runs a query. */
  query(text: string, parameters?: Record<string, unknown>): Promise<any[]>;
};

/** Runs `work` on labels of its own, and removes everything afterwards. */
export async function withNeo4j(
  server: Neo4jServer,
  work: (database: Neo4jDatabase) => Promise<void>,
  options: { migrate?: boolean; labels?: Neo4jDatabase["labels"] } = {},
): Promise<void> {
  const client = openDriver(server.url);
  const drivers = [client];
  const labels = options.labels ?? ownLabels();
  try {
    if (options.migrate !== false) {
      await server.module.migrate({ client, ...labels });
    }
    await work({
      client,
      labels,
      open(given = {}) {
        const own = openDriver(server.url);
        drivers.push(own);
        const onError = () => {};
        return server.module.createProvider({
          client: own,
          onError,
          ...labels,
          ...given,
        });
      },
      query: (text, parameters) => current.cypher(client, text, parameters),
    });
  } finally {
    await wipe(client, labels);
    for (const driver of drivers) await driver.close();
  }
}

/** Appends `count` events of one type; gives what was stored. */
export function appendTo(
  provider: current.Neo4jProvider<any>,
  stream: string,
  aggregateId: string,
  version: number,
  count = 1,
  options: { tx?: Transaction; commandId?: string } = {},
): Promise<{ position: number; version: number }[]> {
  const events = Array.from({ length: count }, () => ({ type: "Written" }));
  const created = provider.createEvents(stream, aggregateId, version, events);
  return provider.append(stream, aggregateId, version, created, options);
}

/** Lets time pass. */
export function sleep(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

/** Waits until something is so. */
export async function until(
  isSo: () => boolean,
  patience = 30_000,
): Promise<void> {
  const end = performance.now() + patience;
  while (!isSo()) {
    if (performance.now() > end) throw new Error(`Not within ${patience} ms`);
    await sleep(10);
  }
}
