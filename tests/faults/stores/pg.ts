// @ts-types="npm:@types/pg@8"
import pg from "pg";
import { createProvider, type PgTransaction } from "../../../providers/pg.ts";
import { ADD, createSchema, LIST, toUrl } from "./postgres_schema.ts";
import type { StoreKind } from "./store.ts";

/** PostgreSQL by node-postgres. */
export const pgStore: StoreKind = {
  create: (server) => createSchema(server, "postgres+pg:"),
  async open(
    address,
    { connections = 10, patience, onError = () => {}, notify = false },
  ) {
    const client = new pg.Pool({
      connectionString: toUrl(address),
      max: connections,
      ...(patience === undefined ? {} : { connectionTimeoutMillis: patience }),
    });
    // Those that the test itself has taken may be cut too.
    client.on("error", () => {});
    return {
      provider: createProvider({ client, onError, notify }),
      readModel: {
        async add(tx: PgTransaction, line) {
          await tx.query(ADD, [line]);
        },
        list: async () =>
          (await client.query(LIST)).rows.map(({ line }) => line),
      },
      async takeConnections() {
        const taken = await Promise.all(
          Array.from({ length: connections }, () => client.connect()),
        );
        return async () => taken.forEach((one) => one.release());
      },
      close: () => client.end(),
    };
  },
};
