import postgres from "postgres";
import { createProvider } from "../../../providers/postgres.ts";
import { ADD, createSchema, LIST, toUrl } from "./postgres_schema.ts";
import type { StoreKind } from "./store.ts";

/** PostgreSQL by Postgres.js. */
export const postgresJsStore: StoreKind = {
  create: (server) => createSchema(server, "postgres+postgresjs:"),
  async open(
    address,
    { connections = 10, onError = () => {}, notify = false },
  ) {
    const sql = postgres(toUrl(address), {
      max: connections,
      onnotice: () => {},
      // A connection that is lost while it fetches them ends the process.
      fetch_types: false,
      // Its own grow to 20 s, beside those of the handler.
      backoff: () => 0.1,
    });
    return {
      provider: createProvider({ sql, onError, notify }),
      readModel: {
        async add(tx: postgres.TransactionSql, line) {
          await tx.unsafe(ADD, [line]);
        },
        list: async () => (await sql.unsafe(LIST)).map(({ line }) => line),
      },
      close: () => sql.end({ timeout: 2 }),
    };
  },
};
