// @ts-types="npm:@types/pg@8"
import pg from "pg";
import {
  createProvider,
  migrate,
  type Options,
  type PostgresProvider,
} from "../../../providers/pg.ts";

/** A provider with a pool of its own, on tables that are made first. */
export async function openPg(
  url: string,
  options: Partial<Options> & { max?: number } = {},
): Promise<{
  provider: PostgresProvider<any, pg.PoolClient>;
  pool: pg.Pool;
  close(): Promise<void>;
}> {
  const { max = 10, ...rest } = options;
  const pool = new pg.Pool({ connectionString: url, max });
  await migrate({ client: pool, ...rest, print: false });
  const provider = createProvider({ client: pool, ...rest });
  return { provider, pool, close: () => pool.end() };
}
