import { createHandler } from "evtstore";
import { allCapabilities, conformanceCases } from "evtstore/testing";
import assert from "node:assert/strict";
import process from "node:process";
import { test } from "node:test";
// @ts-types="npm:@types/pg@8"
import pg from "pg";
import postgres from "postgres";
import * as pgProvider from "../../providers/pg.ts";
import * as postgresProvider from "../../providers/postgres.ts";
import { pgbouncerOf } from "../../scripts/databases/pgbouncer.ts";
import {
  type PostgresServer,
  postgresServers,
} from "../providers/support/postgres.ts";
import {
  type PostgresDriver,
  postgresFixture,
} from "../providers/support/postgres_fixture.ts";
import { withPrivateServer } from "../providers/support/private_server.ts";

// One server is enough, and all of the suite is part of the long form.
const [server] = postgresServers;
const isLong = process.env.EVTSTORE_LONG === "1";
const SHORT =
  /^(atomicity|versions|compare and set|transact|transactional handlers):/;

for (const [name, open] of Object.entries({ pg: byPg, postgres: byPostgres })) {
  if (!server) break;
  test(`${name} through PgBouncer in transaction mode`, async (t) => {
    await withDatabase(
      server,
      (direct) =>
        withPrivateServer(pgbouncerOf(direct.url), {}, async ({ url }) => {
          const fixture = postgresFixture<any>(direct, open(direct.url, url));
          // Every statement takes one more hop.
          const opened = { ...await fixture.open(), patience: 15_000 };
          for (const { name, run } of conformanceCases(allCapabilities)) {
            if (isLong || SHORT.test(name)) {
              await t.test(name, () => run(opened));
            }
          }
          await t.test("a handler beside others' transactions", async () => {
            await followsAll(opened.provider);
          });
          await opened.close();
        }),
    );
  });
}

function byPg(direct: string, bouncer: string): PostgresDriver<any> {
  return {
    async open(url) {
      await useSchema(direct, url);
      const admin = new pg.Pool({ connectionString: url });
      await pgProvider.migrate({ client: admin });
      await admin.end();
      const client = new pg.Pool({ connectionString: bouncer });
      return {
        provider: pgProvider.createProvider({ client, prepare: false }),
        close: () => client.end(),
      };
    },
    query: (tx, text, values) => tx.query(text, values),
  };
}

function byPostgres(direct: string, bouncer: string): PostgresDriver<any> {
  return {
    async open(url) {
      await useSchema(direct, url);
      const admin = postgres(url, { onnotice: () => {} });
      await postgresProvider.migrate({ sql: admin });
      await admin.end();
      const sql = postgres(bouncer, { prepare: false });
      return {
        provider: postgresProvider.createProvider({ sql, prepare: false }),
        close: () => sql.end(),
      };
    },
    query: (tx, text, values) => tx.unsafe(text, values),
  };
}

/** Appends and transactions of several at once, and a handler that sees all. */
async function followsAll(
  provider: Awaited<
    ReturnType<ReturnType<typeof postgresFixture<any>>["open"]>
  >["provider"],
): Promise<void> {
  const stream = `beside ${crypto.randomUUID()}`;
  const seen: number[] = [];
  const handler = createHandler<{ [stream]: { type: "Written" } }>({
    bookmark: stream,
    streams: [stream],
    provider,
    poll: 50,
  });
  handler.handle(stream, "Written", async (_id, _event, { position }) => {
    seen.push(position);
  });
  handler.start();
  const written: number[] = [];
  const append = async (tx?: unknown) => {
    const id = crypto.randomUUID();
    const events = provider.createEvents(stream, id, 1, [{ type: "Written" }]);
    const options = tx === undefined ? {} : { tx };
    const [one] = await provider.append(stream, id, 1, events, options);
    written.push(one!.position);
  };
  await Promise.all(Array.from({ length: 8 }, async (_, writer) => {
    for (let count = 0; count < 20; count++) {
      if (writer % 2) await append();
      else await provider.transact!(async (tx) => await append(tx));
    }
  }));
  for (let tries = 0; tries < 100 && seen.length < 160; tries++) {
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  await handler.stop();
  assert.deepEqual(seen, written.sort((a, b) => a - b));
}

/**
 * A database of the test's own: PgBouncer refuses what names a schema when it
 * connects, so the schema is set for all of the database.
 */
async function withDatabase(
  server: PostgresServer,
  work: (direct: PostgresServer) => Promise<void>,
): Promise<void> {
  const name = `evt_${crypto.randomUUID().replaceAll("-", "").slice(0, 16)}`;
  const url = new URL(server.url);
  url.pathname = `/${name}`;
  await query(server.url, `CREATE DATABASE ${name}`);
  try {
    await work({ name: server.name, url: url.href });
  } finally {
    await query(server.url, `DROP DATABASE ${name} WITH (FORCE)`);
  }
}

async function useSchema(direct: string, schemaUrl: string): Promise<void> {
  const database = new URL(direct).pathname.slice(1);
  const options = new URL(schemaUrl).searchParams.get("options")!;
  const schema = options.replace("-c search_path=", "");
  await query(direct, `ALTER DATABASE ${database} SET search_path = ${schema}`);
}

async function query(url: string, text: string): Promise<void> {
  const client = new pg.Client(url);
  await client.connect();
  await client.query(text);
  await client.end();
}
