import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { createProvider } from "../../providers/knex.ts";
import { knexOnPostgres } from "./support/knex.ts";
import { openPg } from "./support/pg.ts";
import { openSchema, postgresServers } from "./support/postgres.ts";
import { openPostgresJs } from "./support/postgres_js.ts";

for (const server of postgresServers) {
  describe(`the drivers of ${server.name}`, () => {
    it("pg, postgres and knex go on with each other's tables", async () => {
      const schema = await openSchema(server);
      const pg = await openPg(schema.url);
      const js = await openPostgresJs(schema.url);
      const client = knexOnPostgres(server.url, [schema.name]);
      const knex = createProvider({ client });
      const providers = [pg.provider, js.provider, knex, pg.provider];
      for (const [index, provider] of providers.entries()) {
        const events = provider.createEvents("stream", "id", index + 1, [
          { type: "Written", index },
        ]);
        await provider.append("stream", "id", index + 1, events, {
          commandId: `command ${index}`,
        });
        await provider.setPosition("mark", index + 1, { from: index });
        await provider.records.put("kind", "key", index, { revision: index });
      }
      for (const provider of providers) {
        const events = await provider.getEventsFrom("stream", 0);
        assert.deepEqual(events.map(({ event }) => event.index), [0, 1, 2, 3]);
        assert.deepEqual(events.map(({ position }) => position), [1, 2, 3, 4]);
        assert.equal(await provider.getPosition("mark"), 4);
        assert.equal(
          await provider.findCommand("stream", "id", "command 2"),
          3,
        );
        assert.equal((await provider.records.get("kind", "key"))?.value, 3);
      }
      await pg.close();
      await js.close();
      await client.destroy();
      await schema.drop();
    });
  });
}
