/**
 * The process of stopped_process.ts: `stopped_process_worker.ts DRIVER URL MS`
 * moves a bookmark and appends inside a transaction, says so, and goes on when
 * it is told to. It prints how that ended.
 */
import { once } from "node:events";
import process from "node:process";
// @ts-types="npm:@types/pg@8"
import pg from "pg";
import postgres from "postgres";
import type { Provider } from "../../../core/provider.ts";
import * as knexProvider from "../../../providers/knex.ts";
import * as pgProvider from "../../../providers/pg.ts";
import * as postgresProvider from "../../../providers/postgres.ts";
import { knexOnMysql } from "./knex.ts";

const [driver = "", url = "", idle = ""] = process.argv.slice(2);
const options = { transactionTimeoutMs: Number(idle), onError: () => {} };

const open: { [driver: string]: () => Provider<any, any> } = {
  pg: () =>
    pgProvider.createProvider({
      client: new pg.Pool({ connectionString: url }),
      ...options,
    }),
  postgres: () =>
    postgresProvider.createProvider({ sql: postgres(url), ...options }),
  mysql: () =>
    knexProvider.createProvider({ client: knexOnMysql(url), ...options }),
};

const provider = open[driver]!();
let outcome = "committed";
try {
  await provider.transact!(async (tx) => {
    await provider.setPosition("mark", 1, { from: 0, tx });
    const events = provider.createEvents("s", "stopped", 1, [{ type: "E" }]);
    await provider.append("s", "stopped", 1, events, { tx });
    console.log("inside");
    await once(process.stdin, "data");
  });
} catch (error) {
  outcome = (error as { code?: string }).code ?? String(error);
}
console.log(outcome);
process.exit();
