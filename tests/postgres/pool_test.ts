import { createHandler } from "evtstore";
import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import type { Provider } from "../../core/provider.ts";
import * as knexProvider from "../../providers/knex.ts";
import { knexOnPostgres } from "../providers/support/knex.ts";
import { openPg } from "../providers/support/pg.ts";
import {
  openSchema,
  type PostgresSchema,
  postgresServers,
} from "../providers/support/postgres.ts";
import { openPostgresJs } from "../providers/support/postgres_js.ts";
import { testStoppedProcess } from "../providers/support/stopped_process.ts";

const MAX = 10;
const EVENT = { type: "Written" };

type Opened = { provider: Provider<any, any>; close(): Promise<unknown> };

const drivers: { [name: string]: (schema: PostgresSchema) => Promise<Opened> } =
  {
    pg: ({ url }) => openPg(url, { max: MAX }),
    postgres: ({ url }) => openPostgresJs(url, {}, { max: MAX }),
    async knex({ url, name }) {
      const client = knexOnPostgres(url, [name]);
      await knexProvider.migrate({ client });
      return {
        provider: knexProvider.createProvider({ client }),
        close: () => client.destroy(),
      };
    },
  };

for (const server of postgresServers) {
  for (const [name, open] of Object.entries(drivers)) {
    describe(`a pool of ${name} on ${server.name}`, () => {
      let schema: PostgresSchema;
      let opened: Opened;
      before(async () => {
        schema = await openSchema(server);
        opened = await open(schema);
      });
      after(async () => {
        await opened.close();
        await schema.drop();
      });

      it("is never used up by transactions: two connections are left", () =>
        testBound(opened.provider));
      it("carries ten transactional handlers that each send a command", () =>
        testHandlers(opened.provider));
      if (name !== "knex") {
        it("gets on after a process was stopped inside a transaction", () =>
          testStoppedProcess(name, schema.url, opened.provider));
      }
    });
  }
}

async function testBound(provider: Provider<any, any>): Promise<void> {
  let running = 0;
  let most = 0;
  const everyone = Array.from(
    { length: 2 * MAX },
    () =>
      provider.transact!(async (tx) => {
        most = Math.max(most, ++running);
        await provider.getEventsFor("s", "none", undefined, { tx });
        await sleep(30);
        // What it waits for has a connection, however many wait for theirs.
        await append(provider, "beside", crypto.randomUUID());
        running--;
      }),
  );
  await Promise.all(everyone);
  assert.equal(most, MAX - 2);
}

async function testHandlers(provider: Provider<any, any>): Promise<void> {
  const count = 30;
  for (let index = 0; index < count; index++) {
    await append(provider, "orders", `order ${index}`);
  }
  const handlers = Array.from({ length: MAX }, (_, index) => {
    const handler = createHandler<{ orders: typeof EVENT }>({
      bookmark: `handler ${index}`,
      streams: ["orders"],
      provider,
      transactional: true,
    });
    handler.handle("orders", "Written", async (id) => {
      await append(provider, `sent by ${index}`, id);
    });
    return handler;
  });
  const seen = await Promise.all(handlers.map((handler) => handler.runOnce()));
  assert.deepEqual(seen, handlers.map(() => count));
  for (let index = 0; index < MAX; index++) {
    const sent = await provider.getEventsFrom(`sent by ${index}`, 0);
    assert.equal(sent.length, count);
  }
}

async function append(
  provider: Provider<any, any>,
  stream: string,
  id: string,
): Promise<void> {
  const events = provider.createEvents(stream, id, 1, [EVENT]);
  await provider.append(stream, id, 1, events);
}

function sleep(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
