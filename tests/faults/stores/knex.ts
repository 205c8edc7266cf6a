import type { Knex } from "knex";
import { createProvider } from "../../../providers/knex.ts";
import type { ReadModel, Store, StoreOptions } from "./store.ts";

/** A store on a server, by a Knex that was made for it. */
export function openKnex(client: Knex, options: StoreOptions): Store {
  adaptKnex(client, options);
  return {
    provider: createProvider({
      client,
      onError: options.onError ?? (() => {}),
      notify: options.notify ?? false,
    }),
    readModel: knexReadModel(client),
    takeConnections: () => takeFromKnex(client),
    close: () => client.destroy(),
  };
}

/** Changes a Knex that was made elsewhere. */
function adaptKnex(
  client: Knex,
  { connections, patience }: StoreOptions,
): void {
  const { pool, logger } = client.client;
  // It prints each lost connection, beside throwing it.
  logger.error = () => {};
  logger.warn = () => {};
  if (connections !== undefined) pool.max = connections;
  if (patience !== undefined) pool.acquireTimeoutMillis = patience;
}

/** Takes all connections of a Knex, and gives what gives them back. */
async function takeFromKnex(
  knex: Knex,
): Promise<() => Promise<void>> {
  const { client } = knex;
  const taken: unknown[] = [];
  while (taken.length < client.pool.max) {
    taken.push(await client.acquireConnection());
  }
  return async () => {
    for (const one of taken) await client.releaseConnection(one);
  };
}

/** The read model by Knex, on whichever database. */
export function knexReadModel(client: Knex): ReadModel<Knex.Transaction> {
  return {
    async add(tx, line) {
      await tx("handled").insert({ line });
    },
    list: async () =>
      (await client("handled").select("line"))
        .map(({ line }) => line),
  };
}
