import { createProvider, migrate } from "evtstore/provider/postgres";
import postgres from "postgres";
import type { Database } from "./open_database.ts";
import { createReadModel } from "./postgres_read_model.ts";

/** Fewer events at a time than usual keep the peak of memory low. */
const PAGE_SIZE = 250;

/** Opens a PostgreSQL database for the bank, by Postgres.js. */
export async function openPostgresJs(url: string): Promise<Database> {
  // It tells of each table that exists already.
  const sql = postgres(url, { onnotice: () => {} });
  await migrate({ sql });
  return {
    provider: createProvider({ sql, limit: PAGE_SIZE }),
    readModel: createReadModel(
      async (tx: postgres.TransactionSql, text, values) =>
        await tx.unsafe(text, values),
    ),
    close: () => sql.end(),
  };
}
