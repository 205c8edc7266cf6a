import { createProvider, migrate } from "evtstore/provider/pg";
// @ts-types="npm:@types/pg@8"
import pg from "pg";
import type { Database } from "./open_database.ts";
import { createReadModel } from "./postgres_read_model.ts";

/** Fewer events at a time than usual keep the peak of memory low. */
const PAGE_SIZE = 250;

/** Opens a PostgreSQL database for the bank, by node-postgres. */
export async function openPg(url: string): Promise<Database> {
  const client = new pg.Pool({ connectionString: url });
  await migrate({ client });
  return {
    provider: createProvider({ client, limit: PAGE_SIZE }),
    readModel: createReadModel(async (tx: pg.PoolClient, text, values) => {
      const { rows } = await tx.query(text, values);
      return rows;
    }),
    close: () => client.end(),
  };
}
