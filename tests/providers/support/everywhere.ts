import { MongoClient } from "npm:mongodb@7";
import type { ProviderFixture } from "evtstore/testing";
import { knexOnNodeSqlite } from "../../../examples/bank/knex_node_sqlite.ts";
import { memoryFixture } from "../memory_fixture.ts";
import { sqliteFileFixture } from "../sqlite_fixture.ts";
import { findDatabase } from "./databases.ts";
import { knexPostgresFixture } from "./knex_postgres.ts";
import { knexSqliteFixture } from "./knex_sqlite.ts";
import { mongoFixture, mongoUrl } from "./mongo.ts";
import { mysqlFixture } from "./mysql.ts";
import { natsFixture, natsUrl } from "./nats.ts";
import { findServers, neo4jFixture } from "./neo4j.ts";
import { openPg } from "./pg.ts";
import { postgresServers } from "./postgres.ts";
import { postgresFixture } from "./postgres_fixture.ts";
import { openPostgresJs } from "./postgres_js.ts";

/** A provider on a database that there is. */
export type Somewhere = { name: string; fixture: ProviderFixture };

/** Every provider on one server each, and PostgreSQL with `notify` too. */
export const everywhere: Somewhere[] = [
  { name: "memory", fixture: memoryFixture },
  { name: "sqlite", fixture: sqliteFileFixture },
  {
    name: "knex on sqlite",
    fixture: knexSqliteFixture((filename) => knexOnNodeSqlite(filename)),
  },
];

const onError = () => {};

const [postgres] = postgresServers;
for (const notify of postgres ? [false, true] : []) {
  const suffix = notify ? ", notify" : "";
  everywhere.push(
    {
      name: `pg${suffix}`,
      fixture: postgresFixture(postgres!, {
        open: (url) => openPg(url, { notify, onError }),
        query: (tx, text, values) => tx.query(text, values),
      }),
    },
    {
      name: `postgres${suffix}`,
      fixture: postgresFixture(postgres!, {
        open: (url) => openPostgresJs(url, { notify, onError }),
        query: (tx, text, values) => tx.unsafe(text, values),
      }),
    },
    {
      name: `knex on postgres${suffix}`,
      fixture: knexPostgresFixture(postgres!.url, { notify }),
    },
  );
}

const mariadb = await findDatabase("mariadb");
if (mariadb) {
  everywhere.push({ name: "knex on mariadb", fixture: mysqlFixture(mariadb) });
}

for (const transactions of mongoUrl ? [true, false] : []) {
  everywhere.push({
    name: `mongodb${transactions ? "" : " without transactions"}`,
    fixture: mongoFixture(MongoClient, mongoUrl!, { transactions }),
  });
}

for (const server of (await findServers(["neo4j"])).slice(0, 1)) {
  everywhere.push({ name: "neo4j", fixture: neo4jFixture(server) });
}

if (natsUrl) everywhere.push({ name: "nats", fixture: natsFixture(natsUrl) });
