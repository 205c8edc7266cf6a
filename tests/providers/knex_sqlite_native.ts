/**
 * The suite on SQLite by Knex's own clients, whose native addons have to be
 * built first: scripts/native_sqlite.ts does that and runs this file, with the
 * names of the clients in `SQLITE_CLIENTS`.
 */
import { allCapabilities, testProvider } from "evtstore/testing";
import createKnex from "knex";
import process from "node:process";
import { knexSqliteFixture, openKnexSqlite } from "./support/knex_sqlite.ts";

/** Each commit waits for the disk; in milliseconds. */
const patience = 20_000;

for (const client of (process.env.SQLITE_CLIENTS ?? "").split(",")) {
  const connect = (filename: string) =>
    createKnex({ client, connection: { filename }, useNullAsDefault: true });
  testProvider(`the Knex provider by ${client} on a file`, {
    ...knexSqliteFixture(connect),
    patience,
  });
  testProvider(`the Knex provider by ${client} in memory`, {
    capabilities: allCapabilities,
    patience,
    open: () => openKnexSqlite(connect(":memory:")),
  });
}
