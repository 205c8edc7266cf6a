import { allCapabilities, testProvider } from "evtstore/testing";
import { knexOnNodeSqlite } from "../../examples/bank/knex_node_sqlite.ts";
import { knexSqliteFixture, openKnexSqlite } from "./support/knex_sqlite.ts";

testProvider(
  "the Knex provider on an SQLite file",
  knexSqliteFixture((filename) => knexOnNodeSqlite(filename)),
);
testProvider(
  "the Knex provider on an SQLite file, with several connections",
  knexSqliteFixture((filename) => knexOnNodeSqlite(filename, 4)),
);
testProvider("the Knex provider on SQLite in memory", {
  capabilities: allCapabilities,
  open: () => openKnexSqlite(knexOnNodeSqlite(":memory:")),
});
