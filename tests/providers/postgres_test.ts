import { testProvider } from "evtstore/testing";
import { postgresServers } from "./support/postgres.ts";
import { postgresFixture } from "./support/postgres_fixture.ts";
import { openPostgresJs } from "./support/postgres_js.ts";

for (const server of postgresServers) {
  testProvider(
    `postgres on ${server.name}`,
    postgresFixture(server, {
      open: (url) => openPostgresJs(url),
      query: (tx, text, values) => tx.unsafe(text, values),
    }),
  );
}
