import { testProvider } from "evtstore/testing";
import assert from "node:assert/strict";
import { describe, it } from "node:test";
// @ts-types="npm:@types/pg@8"
import pg from "pg";
import { createProvider, migrate } from "../../providers/pg.ts";
import { openPg } from "../providers/support/pg.ts";
import { openSchema, postgresServers } from "../providers/support/postgres.ts";
import { postgresFixture } from "../providers/support/postgres_fixture.ts";
import { openPostgresJs } from "../providers/support/postgres_js.ts";

/** One server is enough: the providers' own tests run on all of them. */
const [server] = postgresServers;

if (server) {
  testProvider(
    `pg, one Client, on ${server.name}`,
    postgresFixture<pg.PoolClient>(server, {
      async open(url) {
        const client = new pg.Client(url);
        await client.connect();
        await migrate({ client });
        const provider = createProvider({ client: Promise.resolve(client) });
        return { provider, close: () => client.end() };
      },
      query: (tx, text, values) => tx.query(text, values),
    }),
  );

  testProvider(
    `pg, serialized and not prepared, on ${server.name}`,
    postgresFixture(server, {
      open: (url) => openPg(url, { ordering: "serialized", prepare: false }),
      query: (tx, text, values) => tx.query(text, values),
    }),
  );

  testProvider(
    `postgres, without what it knows of the server, on ${server.name}`,
    postgresFixture(server, {
      open: (url) =>
        openPostgresJs(url, { prepare: false }, {
          fetch_types: false,
          transform: { column: { from: (name) => name.toUpperCase() } },
        }),
      query: (tx, text, values) => tx.unsafe(text, values),
    }),
  );

  describe(`an application changes its driver on ${server.name}`, () => {
    it("from pg to postgres and back, without a migration", async () => {
      const schema = await openSchema(server);
      const first = await openPg(schema.url);
      const second = await openPostgresJs(schema.url);
      const providers = [first.provider, second.provider, first.provider];
      for (const [index, provider] of providers.entries()) {
        const version = index * 2 + 1;
        const events = provider.createEvents("s", "a", version, [
          { type: "Written", index },
          { type: "Written", text: '😀 { "a" } \\' },
        ]);
        events[0]!.metadata = { index };
        const commandId = `command ${index}`;
        await provider.append("s", "a", version, events, { commandId });
        await provider.setPosition("mark", version, {
          from: await provider.getPosition("mark"),
        });
        await provider.records.put("kind", "key", { index }, {
          revision: index,
          due: index,
        });
      }
      const views = await Promise.all(
        [first.provider, second.provider].map(async (provider) => ({
          log: [...await provider.getEventsFrom("s", 0)],
          aggregate: await provider.getEventsFor("s", "a"),
          last: await provider.getLastEventFor("s"),
          bookmark: await provider.getPosition("mark"),
          command: await provider.findCommand("s", "a", "command 1"),
          record: await provider.records.get("kind", "key"),
          due: await provider.records.due("kind", 10),
        })),
      );
      assert.deepEqual(views[0], views[1]);
      assert.equal(views[0]!.log.length, 6);
      assert.equal(views[0]!.bookmark, 5);
      assert.equal(views[0]!.command, 3);
      assert.equal(views[0]!.record?.revision, 3);
      await first.close();
      await second.close();
      await schema.drop();
    });
  });
}
