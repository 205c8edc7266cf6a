import postgres from "postgres";
import {
  createProvider,
  migrate,
  type Options,
  type PostgresProvider,
} from "../../../providers/postgres.ts";

/** A provider with a client of its own, on tables that are made first. */
export async function openPostgresJs(
  url: string,
  options: Partial<Options> = {},
  driver: postgres.Options<any> = {},
): Promise<{
  provider: PostgresProvider<any, postgres.TransactionSql<any>>;
  sql: postgres.Sql;
  close(): Promise<void>;
}> {
  const sql = postgres(url, { onnotice: () => {}, ...driver });
  await migrate({ sql, ...options, print: false });
  const provider = createProvider({ sql, ...options });
  return { provider, sql, close: () => sql.end() };
}
