import { testProvider } from "evtstore/testing";
import { findDatabase } from "./support/databases.ts";
import { mysqlFixture } from "./support/mysql.ts";

const mariadb = await findDatabase("mariadb");
const barrier = await findDatabase("mariadb_barrier");

if (mariadb) {
  testProvider("the Knex provider on MariaDB", mysqlFixture(mariadb));
  testProvider(
    "the Knex provider on MariaDB, serialized",
    mysqlFixture(mariadb, { ordering: "serialized" }),
  );
}
if (barrier) {
  testProvider(
    "the Knex provider on a MariaDB that shows no metadata locks",
    mysqlFixture(barrier),
  );
}
