import { before } from "node:test";
import { isContinuousIntegration } from "../../../scripts/databases/install_policy.ts";
import { databaseStatus } from "../../../scripts/databases.ts";
import process from "node:process";
// @ts-types="npm:@types/pg@8"
import pg from "pg";

/** A server that the tests run on. */
export type PostgresServer = { name: string; url: string };

/** A schema of one test file, made empty and dropped with what is in it. */
export type PostgresSchema = {
  /** The address, with the schema as the only one in the search path. */
  url: string;
  /** Its name. */
  name: string;
  /** Runs a statement of the test's own, on a connection of its own. */
  query(text: string, values?: unknown[]): Promise<any[]>;
  /** Drops it. */
  drop(): Promise<void>;
};

/**
 * The servers that answer: the tests are registered for each of them. With `CI`
 * a server that is missing fails the run, otherwise one line says so.
 */
export const postgresServers: PostgresServer[] = [];

const statuses = await databaseStatus(["postgres18", "postgres15"]);
for (const status of statuses) {
  if (status.status === "running") {
    postgresServers.push({ name: status.name, url: status.url });
    continue;
  }
  const problem = `${status.name} is not tested: ${status.reason}`;
  if (isContinuousIntegration(process.env)) {
    before(() => {
      throw new Error(problem);
    });
  } else console.warn(problem);
}

/** Opens a new schema on a server. */
export async function openSchema(
  server: PostgresServer,
): Promise<PostgresSchema> {
  const name = `evt_pg_${crypto.randomUUID().replaceAll("-", "").slice(0, 12)}`;
  const url = new URL(server.url);
  url.searchParams.set("options", `-c search_path=${name}`);
  const pool = new pg.Pool({ connectionString: url.href, max: 3 });
  pool.on("error", () => {});
  await pool.query(`CREATE SCHEMA ${name}`);
  return {
    url: url.href,
    name,
    query: async (text, values) => (await pool.query(text, values)).rows,
    async drop() {
      await pool.query(`DROP SCHEMA ${name} CASCADE`);
      await pool.end();
    },
  };
}
