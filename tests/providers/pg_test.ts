import { testProvider } from "evtstore/testing";
import { postgresServers } from "./support/postgres.ts";
import { postgresFixture } from "./support/postgres_fixture.ts";
import { openPg } from "./support/pg.ts";

for (const server of postgresServers) {
  testProvider(
    `pg on ${server.name}`,
    postgresFixture(server, {
      open: (url) => openPg(url),
      query: (tx, text, values) => tx.query(text, values),
    }),
  );
}
