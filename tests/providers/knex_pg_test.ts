import { testProvider } from "evtstore/testing";
import { findDatabase } from "./support/databases.ts";
import { knexPostgresFixture } from "./support/knex_postgres.ts";

for (const name of ["postgres18", "postgres15"]) {
  const url = await findDatabase(name);
  if (!url) continue;
  testProvider(`the Knex provider on ${name}`, knexPostgresFixture(url));
  testProvider(
    `the Knex provider on ${name}, serialized`,
    knexPostgresFixture(url, { ordering: "serialized" }),
  );
}
