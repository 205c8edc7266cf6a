import { createHandler, type StoreError } from "evtstore";
import assert from "node:assert/strict";
import { dirname, join } from "node:path";
import { test } from "node:test";
// @ts-types="npm:@types/pg@8"
import pg from "pg";
import postgres from "postgres";
import type { Provider } from "../../core/provider.ts";
import { createProvider as createKnexProvider } from "../../providers/knex.ts";
import { createProvider } from "../../providers/pg.ts";
import { createProvider as createJsProvider } from "../../providers/postgres.ts";
import { runOrThrow } from "../../scripts/databases/command.ts";
import { postgres15 } from "../../scripts/databases/postgres.ts";
import { knexOnPostgres } from "../providers/support/knex.ts";
import { openPg } from "../providers/support/pg.ts";
import { makeFolder } from "../../scripts/databases/server_user.ts";
import {
  type PrivateServer,
  withPrivateServer,
} from "../providers/support/private_server.ts";

const EVENT = { type: "Written" };
const STREAM = "numbers";

test("a hot standby", (t) =>
  withPair(async (primary, standby) => {
    await t.test(
      "shows every event in order where all writers are serialized",
      () => followsSerialized(primary, standby),
    );
    await t.test(
      "refuses what would skip events, and goes on when it is promoted",
      () => refusesUntilPromoted(primary, standby),
    );
  }));

async function followsSerialized(
  primary: PrivateServer,
  standby: PrivateServer,
): Promise<void> {
  const ordering = "serialized";
  const events = "in_turn";
  const writer = await openPg(primary.url, { events, ordering, max: 8 });
  await caughtUp(writer.pool, standby);
  const client = new pg.Pool({ connectionString: standby.url, max: 3 });
  const provider = createProvider({ client, events, ordering });
  const { handler, seen } = listen(keepBookmarks(provider), "standby");
  handler.start();
  const written = await Promise.all(
    Array.from({ length: 8 }, async () => {
      const positions: number[] = [];
      for (let count = 0; count < 40; count++) {
        positions.push(await append(writer.provider));
      }
      return positions;
    }),
  );
  const expected = written.flat().sort((a, b) => a - b);
  await waitFor(() => seen.length >= expected.length, 10_000);
  await handler.stop();
  assert.deepEqual(seen, expected);
  await writer.close();
  await client.end();
}

async function refusesUntilPromoted(
  primary: PrivateServer,
  standby: PrivateServer,
): Promise<void> {
  const writer = await openPg(primary.url);
  for (let count = 0; count < 5; count++) await append(writer.provider);
  await caughtUp(writer.pool, standby);
  for (const [driver, open] of Object.entries(drivers)) {
    const { provider, close } = open(standby.url);
    await refuses(provider, driver);
    await close();
  }

  const pool = new pg.Pool({ connectionString: standby.url, max: 3 });
  const errors: StoreError[] = [];
  const provider = createProvider({
    client: pool,
    onError: (error) => void errors.push(error),
  });
  const { handler, seen } = listen(provider, "promoted");
  handler.start();
  await waitFor(() => errors.length > 0, 5000);
  assert.equal(errors[0]!.code, "NOT_SUPPORTED");
  assert.deepEqual(seen, []);

  await writer.close();
  await primary.stop();
  await pool.query("SELECT pg_promote()");
  await waitFor(() => seen.length === 5, 10_000);
  const later = await append(provider);
  await waitFor(() => seen.length === 6, 5000);
  assert.deepEqual(seen, [1, 2, 3, 4, 5, later]);
  await handler.stop();
  await pool.end();
}

type Opened = {
  provider: Provider<any, any>;
  close(): Promise<unknown>;
};

const onError = () => {};
const drivers: { [name: string]: (url: string) => Opened } = {
  pg(url) {
    const client = new pg.Pool({ connectionString: url });
    return {
      provider: createProvider({ client, onError }),
      close: () => client.end(),
    };
  },
  postgres(url) {
    const sql = postgres(url);
    return {
      provider: createJsProvider({ sql, onError }),
      close: () => sql.end(),
    };
  },
  knex(url) {
    const client = knexOnPostgres(url, ["public"]);
    return {
      provider: createKnexProvider({ client, onError }),
      close: () => client.destroy(),
    };
  },
};

async function refuses(
  provider: Provider<any, any>,
  driver: string,
): Promise<void> {
  const rejects = (attempt: PromiseLike<unknown>, code: string, text: RegExp) =>
    assert.rejects(Promise.resolve(attempt), (error: StoreError) => {
      assert.equal(error.code, code, `${driver}: ${error}`);
      assert.match(error.message, text);
      return true;
    });
  await rejects(provider.getEventsFrom(STREAM, 0), "NOT_SUPPORTED", /standby/);
  await rejects(provider.horizon!(), "NOT_SUPPORTED", /standby/);
  await rejects(append(provider), "READ_ONLY", /primary/);
  await rejects(provider.setPosition("mark", 1), "READ_ONLY", /primary/);
  await rejects(
    provider.records!.put("kind", "key", 1, { revision: 0 }),
    "READ_ONLY",
    /primary/,
  );
  await rejects(
    provider.transact!((tx) => append(provider, tx)),
    "READ_ONLY",
    /primary/,
  );
  // One aggregate is no question of order.
  const last = await provider.getLastEventFor(STREAM);
  assert.equal(last?.event.type, "Written");
  const own = await provider.getEventsFor(STREAM, last!.aggregateId);
  assert.deepEqual(own, [last]);
}

/** A primary and its standby, both of the test's own. */
async function withPair(
  work: (primary: PrivateServer, standby: PrivateServer) => Promise<void>,
): Promise<void> {
  await withPrivateServer(postgres15, {}, (primary) => {
    const prepare = async (folder: string) => {
      const programs = dirname(primary.program);
      const { user } = primary;
      makeFolder(folder, user);
      await runOrThrow(join(programs, "pg_basebackup"), [
        `--dbname=${primary.url}`,
        `--pgdata=${join(folder, "data")}`,
        "--checkpoint=fast",
        "--wal-method=stream",
        "--no-sync",
        "--write-recovery-conf",
      ], { cwd: folder, user, timeout: 60_000 });
    };
    return withPrivateServer(
      postgres15,
      { prepare },
      (standby) => work(primary, standby),
    );
  });
}

/** Resolves when the standby shows what the primary has committed. */
async function caughtUp(
  primary: pg.Pool,
  standby: PrivateServer,
): Promise<void> {
  const { rows } = await primary.query("SELECT pg_current_wal_lsn() AS lsn");
  const client = new pg.Client(standby.url);
  await client.connect();
  let isThere = false;
  while (!isThere) {
    const { rows: [row] } = await client.query(
      "SELECT pg_last_wal_replay_lsn() >= $1::pg_lsn AS there",
      [rows[0].lsn],
    );
    isThere = row.there;
    if (!isThere) await sleep(20);
  }
  await client.end();
}

/** A standby cannot keep bookmarks: they are kept here. */
function keepBookmarks<P extends Provider<any, any>>(provider: P): P {
  let position = 0;
  return {
    ...provider,
    getPosition: async () => position,
    setPosition: async (_bookmark: string, next: number) => {
      position = next;
      return true;
    },
  };
}

function listen(provider: Provider<any, any>, bookmark: string) {
  const seen: number[] = [];
  const handler = createHandler<{ [STREAM]: typeof EVENT }>({
    bookmark,
    // Nothing can be written there, so nobody can own a bookmark.
    exclusive: false,
    streams: [STREAM],
    provider,
    poll: 20,
  });
  handler.handle(STREAM, "Written", async (_id, _event, { position }) => {
    seen.push(position);
  });
  return { handler, seen };
}

async function append(
  provider: Provider<any, any>,
  tx?: unknown,
): Promise<number> {
  const id = crypto.randomUUID();
  const events = provider.createEvents(STREAM, id, 1, [EVENT]);
  const options = tx === undefined ? {} : { tx };
  const [stored] = await provider.append(STREAM, id, 1, events, options);
  return stored!.position;
}

async function waitFor(isDone: () => boolean, ms: number): Promise<void> {
  for (let waited = 0; waited < ms && !isDone(); waited += 20) await sleep(20);
  assert(isDone(), `It did not happen within ${ms} ms`);
}

function sleep(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
