import neo4jDriver, { type Driver, type Transaction } from "neo4j-driver";
import { createProvider, cypher, migrate } from "../../../providers/neo4j.ts";
import type { StoreKind } from "./store.ts";

/** Neo4j; the path of the address is what the labels begin with. */
export const neo4j: StoreKind = {
  async create(server) {
    const { openDriver, ownLabels, wipe } = await import(
      "../../providers/support/neo4j.ts"
    );
    const labels = ownLabels();
    const url = new URL(server);
    url.pathname = `/${labels.events.replace(/Events$/, "")}`;
    const client = openDriver(server);
    await migrate({ client, ...labels });
    await client.close();
    return {
      address: url.href,
      async remove() {
        const client = openDriver(server);
        await wipe(client, labels);
        await client.close();
      },
    };
  },
  async open(address, { connections = 10, patience, onError = () => {} }) {
    const prefix = new URL(address).pathname.slice(1);
    const labels = {
      events: `${prefix}Events`,
      bookmarks: `${prefix}Bookmarks`,
    };
    // Among the labels that `wipe` removes.
    const handled = `\`${labels.events}Scratch\``;
    const client = connect(address, connections, patience);
    return {
      provider: createProvider({ client, ...labels, onError }),
      readModel: {
        async add(tx: Transaction, line) {
          await tx.run(`CREATE (n:${handled} {line: $line})`, { line });
        },
        list: async () =>
          (await cypher<{ line: string }>(
            client,
            `MATCH (n:${handled}) RETURN n.line AS line`,
          )).map(({ line }) => line),
      },
      async takeConnections() {
        const taken = await Promise.all(
          Array.from({ length: connections }, async () => {
            const session = client.session();
            const tx = await session.beginTransaction();
            return async () => {
              await tx.rollback();
              await session.close();
            };
          }),
        );
        return async () => {
          for (const giveBack of taken) await giveBack();
        };
      },
      close: () => client.close(),
    };
  },
};

function connect(
  address: string,
  connections: number,
  patience: number | undefined,
): Driver {
  const { protocol, host, username, password } = new URL(address);
  return neo4jDriver.driver(
    `${protocol}//${host}`,
    neo4jDriver.auth.basic(
      decodeURIComponent(username) || "neo4j",
      decodeURIComponent(password) || "none",
    ),
    {
      maxConnectionPoolSize: connections,
      ...(patience === undefined
        ? {}
        : { connectionAcquisitionTimeout: patience }),
    },
  );
}
