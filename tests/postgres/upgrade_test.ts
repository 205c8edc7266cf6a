import { createHandler, StoreError, VersionError } from "evtstore";
import knex from "knex";
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import {
  createProvider as createOldKnex,
  migrate as migrateOldKnex,
} from "npm:evtstore@12.0.1/provider/knex.js";
import {
  createProvider as createOldPg,
  migrate as migrateOldPg,
} from "npm:evtstore@12.0.1/provider/pg.js";
import {
  createProvider as createOldPostgres,
  migrate as migrateOldPostgres,
} from "npm:evtstore@12.0.1/provider/postgres.js";
// @ts-types="npm:@types/pg@8"
import pg from "pg";
import postgres from "postgres";
import {
  createProvider,
  migrate,
  migrateClient,
  migratePool,
} from "../../providers/pg.ts";
import {
  openSchema,
  type PostgresSchema,
  type PostgresServer,
  postgresServers,
} from "../providers/support/postgres.ts";

/** evtstore 12 on one of its drivers, as an application runs it. */
type Old = {
  migrate(): Promise<unknown>;
  provider: any;
  close(): Promise<unknown>;
};

const tables = { events: "events", bookmarks: "bookmarks" };

const olds: { [driver: string]: (url: string) => Old } = {
  pg(url) {
    const client: any = new pg.Pool({ connectionString: url });
    return {
      migrate: () => migrateOldPg({ client, ...tables }),
      provider: createOldPg({ client, ...tables }),
      close: () => client.end(),
    };
  },
  postgres(url) {
    const sql: any = postgres(url, { onnotice: () => {} });
    return {
      migrate: () => migrateOldPostgres({ sql, ...tables }),
      provider: createOldPostgres({ sql, ...tables }),
      close: () => sql.end(),
    };
  },
  knex(url) {
    const client: any = knex({ client: "pg", connection: url });
    return {
      migrate: () => migrateOldKnex({ client, ...tables }),
      provider: createOldKnex({
        events: () => client.table("events"),
        bookmarks: () => client.table("bookmarks"),
      }),
      close: () => client.destroy(),
    };
  },
};

for (const server of postgresServers) {
  describe(`tables of evtstore 12 on ${server.name}`, () => {
    for (const [driver, open] of Object.entries(olds)) {
      it(`those of ${driver} are opened in place, and it goes on`, () =>
        testUpgrade(server, open));
    }
    it("two migrations at once, and again: nothing is left to do", () =>
      testTwice(server));
    it("names that need quotes, and schemas, are kept apart", () =>
      testNames(server));
    it("a table that is something else is refused", () => testForeign(server));
    it("what a failed migration left is finished", () =>
      testUnfinished(server));
  });
}

async function testUpgrade(
  server: PostgresServer,
  open: (url: string) => Old,
): Promise<void> {
  const schema = await openSchema(server);
  const old = open(schema.url);
  await old.migrate();
  const append = async (provider: any, id: string, version: number) => {
    const event = { type: "Written", version };
    const events = provider.createEvents("s", id, version, [event]);
    await provider.append("s", id, version, events);
  };
  for (let version = 1; version <= 3; version++) {
    await append(old.provider, "a", version);
  }
  await old.provider.setPosition("mark", 2);
  const before = await old.provider.getEventsFrom("s", 0);

  // The old process goes on writing and reading while the new one migrates.
  let isOver = false;
  let written = 0;
  const beside = (async () => {
    while (!isOver || written < 20) {
      await append(old.provider, "beside", written + 1);
      written++;
      await old.provider.getEventsFrom("s", 0, 10);
    }
  })();
  const client = new pg.Pool({ connectionString: schema.url });
  await migrate({ client });
  await migrate({ client });
  isOver = true;
  await beside;
  const provider = createProvider({ client });
  const oldSeen = (await old.provider.getEventsFor("s", "beside"))
    .map((stored: any) => stored.version);
  assert.deepEqual(oldSeen, oldSeen.map((_: unknown, at: number) => at + 1));
  assert.equal(oldSeen.length, written);

  // The same events, versions, times and bookmarks.
  const now = (await provider.getEventsFrom("s", 0)).slice(0, before.length);
  assert.deepEqual(
    now.map((one) => ({ ...one })),
    before.map((one: any) => ({ ...one, position: Number(one.position) })),
  );
  assert(now[0]!.timestamp instanceof Date);
  assert.equal(await provider.getPosition("mark"), 2);

  // Each sees what the other has written, and is refused where it came late.
  await append(provider, "a", 4);
  await assert.rejects(append(old.provider, "a", 4));
  await append(old.provider, "a", 5);
  await assert.rejects(append(provider, "a", 5), VersionError);
  assert.deepEqual(
    (await old.provider.getEventsFor("s", "a"))
      .map((stored: any) => stored.event.version),
    [1, 2, 3, 4, 5],
  );

  // A handler of ours beside both kinds of writers misses nothing.
  const seen: string[] = [];
  const handler = createHandler<{ s: { type: "Written" } }>({
    bookmark: "both",
    streams: ["s"],
    provider,
    poll: 20,
  });
  handler.handle("s", "Written", async (id, _event, { version }) => {
    seen.push(`${id} ${version}`);
  });
  handler.start();
  await Promise.all([old.provider, provider].map(async (writer, index) => {
    for (let version = 1; version <= 50; version++) {
      await append(writer, `racer ${index}`, version);
    }
  }));
  const total = 5 + written + 100;
  for (let tries = 0; tries < 200 && seen.length < total; tries++) {
    await sleep(10);
  }
  await handler.stop();
  assert.equal(seen.length, total);
  assert.equal(new Set(seen).size, total);
  // The old one's bookmark is where a new process finds it.
  assert(Number(await old.provider.getPosition("both")) > 2);

  await client.end();
  await old.close();
  await schema.drop();
}

async function testTwice(server: PostgresServer): Promise<void> {
  const schema = await openSchema(server);
  const client = new pg.Pool({ connectionString: schema.url });
  const printed = await migrate({ client, print: true });
  assert.equal(printed.length, 7);
  assert.match(printed[0]!, /^CREATE TABLE IF NOT EXISTS "events"/);
  await Promise.all([
    migrate({ client }),
    migratePool({ client }),
    migrate({ client }),
  ]);
  assert.deepEqual(await migrate({ client, print: true }), []);

  // On a table that is there, of the old form: concurrently.
  await schema.query("DROP TABLE events, bookmarks, events_records");
  await migrateOldPg({ client: client as any, ...tables });
  const missing = await migrate({ client, print: true });
  assert.deepEqual(missing.slice(0, 2), [
    'ALTER TABLE "events"\n  ADD COLUMN IF NOT EXISTS metadata text,\n  ADD COLUMN IF NOT EXISTS command_id text',
    'CREATE UNIQUE INDEX CONCURRENTLY IF NOT EXISTS "events_stream_aggregate_id_command_id_unique"\nON "events" (stream, aggregate_id, command_id)\nWHERE command_id IS NOT NULL',
  ]);
  // Each on its own connection, and a transaction that is open beside them.
  const slow = await client.connect();
  await slow.query("BEGIN");
  await slow.query("SELECT count(*) FROM events");
  const both = Promise.all([migrate({ client }), migrate({ client })]);
  await sleep(300);
  await slow.query("COMMIT");
  slow.release();
  await both;
  assert.deepEqual(await migrate({ client, print: true }), []);
  await client.end();

  const single = new pg.Client(schema.url);
  await single.connect();
  await migrateClient({ client: single, events: "others" });
  const provider = createProvider({ client: single, events: "others" });
  assert.deepEqual([...await provider.getEventsFrom("s", 0)], []);
  await single.end();
  await schema.drop();
}

async function testNames(server: PostgresServer): Promise<void> {
  const schema = await openSchema(server);
  const client = new pg.Pool({ connectionString: schema.url });
  const names = [
    "Mixed Case",
    `${schema.name}.of_schema`,
    `"${schema.name}"."with.dot"`,
    `we"ird'; DROP TABLE bookmarks; --`,
    "back\\slash",
    "select",
    "長い名前".repeat(4),
    "e".repeat(56),
  ];
  for (const events of names) {
    const bookmarks = "bookmarks";
    const records = '"records of all"';
    for (const ordering of ["horizon", "serialized"] as const) {
      const options = { client, events, bookmarks, records, ordering };
      await migrate(options as { client: pg.Pool });
      const provider = createProvider(options);
      const id = ordering;
      const created = provider.createEvents("s", id, 1, [{ type: "Named" }]);
      await provider.append("s", id, 1, created, { commandId: "c" });
      assert.equal(await provider.findCommand("s", id, "c"), 1);
      assert.equal((await provider.getEventsFor("s", id)).length, 1);
      assert.equal((await provider.getLastEventFor("s", id))?.version, 1);
      const page = await provider.getEventsFrom("s", 0);
      assert.equal(page.length, ordering === "horizon" ? 1 : 2, events);
    }
  }
  for (const events of ["", ".", "a.", "a.b.c", "x".repeat(64), "a\0b"]) {
    assert.throws(
      () => createProvider({ client, events }),
      (error: StoreError) => error.code === "INVALID_INPUT",
      events,
    );
  }
  await client.end();
  await schema.drop();
}

async function testForeign(server: PostgresServer): Promise<void> {
  const schema = await openSchema(server);
  const client = new pg.Pool({ connectionString: schema.url });
  await schema.query("CREATE TABLE events (id integer)");
  await rejects(migrate({ client }), "STORE_FAILED", /"position" is missing/);
  await rejects(
    migrate({ client, events: "nowhere.events" }),
    "NOT_MIGRATED",
    /create the schema/,
  );
  await client.end();
  await schema.drop();
}

async function testUnfinished(server: PostgresServer): Promise<void> {
  const schema: PostgresSchema = await openSchema(server);
  const client = new pg.Pool({ connectionString: schema.url });
  await migrateOldPg({ client: client as any, ...tables });
  await schema.query(
    "ALTER TABLE events ADD command_id text, ADD metadata text",
  );
  await schema.query(`
    INSERT INTO events (stream, aggregate_id, version, command_id)
    VALUES ('s', 'a', 1, 'c'), ('s', 'a', 2, 'c')`);
  await rejects(migrate({ client }), "STORE_FAILED", /unique index/);
  const [invalid] = await schema.query(
    "SELECT count(*)::integer FROM pg_index WHERE NOT indisvalid AND indrelid = 'events'::regclass",
  );
  assert.equal(invalid.count, 1);
  await schema.query("UPDATE events SET command_id = NULL WHERE version = 2");
  await migrate({ client });
  assert.deepEqual(await migrate({ client, print: true }), []);
  await client.end();
  await schema.drop();
}

async function rejects(
  attempt: Promise<unknown>,
  code: string,
  message: RegExp,
): Promise<void> {
  await assert.rejects(attempt, (error: unknown) => {
    assert(error instanceof StoreError, `${error}`);
    assert.equal(error.code, code, error.message);
    assert.match(error.message, message);
    return true;
  });
}

function sleep(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
