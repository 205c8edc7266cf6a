import { StoreError, VersionError } from "evtstore";
// @ts-types="npm:@types/pg@8"
import pg from "pg";
import postgres from "postgres";
import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import type { Provider } from "../../core/provider.ts";
import * as pgProvider from "../../providers/pg.ts";
import type { PostgresOptions } from "../../providers/pg.ts";
import * as postgresProvider from "../../providers/postgres.ts";
import { openPg } from "../providers/support/pg.ts";
import {
  openSchema,
  type PostgresSchema,
  type PostgresServer,
  postgresServers,
} from "../providers/support/postgres.ts";

/** Opens a provider with one or two connections of its own. */
type Open = (
  url: string,
  options?: PostgresOptions,
) => { provider: Provider<any, any>; close(): Promise<unknown> };

const drivers: { [name: string]: Open } = {
  pg(url, options) {
    const client = new pg.Pool({ connectionString: url, max: 3 });
    const provider = pgProvider.createProvider({ client, ...options });
    return { provider, close: () => client.ended ? done : client.end() };
  },
  postgres(url, options) {
    const sql = postgres(url, { max: 3, connect_timeout: 2 });
    const provider = postgresProvider.createProvider({ sql, ...options });
    // Without a time-out it waits for ever for a connection that was lost.
    return { provider, close: () => sql.end({ timeout: 1 }) };
  },
};
const done = Promise.resolve();

for (const server of postgresServers) {
  for (const [name, open] of Object.entries(drivers)) {
    describe(`errors of ${name} on ${server.name}`, () =>
      testErrors(server, open));
  }
}

function testErrors(server: PostgresServer, open: Open): void {
  let schema: PostgresSchema;
  before(async () => {
    schema = await openSchema(server);
    await (await openPg(schema.url)).close();
  });
  after(() => schema.drop());

  /** Opens a provider, and ends it after the test. */
  async function using(
    options: PostgresOptions & { settings?: string; url?: string },
    work: (provider: Provider<any, any>) => Promise<unknown>,
  ): Promise<void> {
    const { settings, url = schema.url, ...rest } = options;
    const address = new URL(url);
    if (settings) {
      const before = address.searchParams.get("options") ?? "";
      address.searchParams.set("options", `${before} ${settings}`);
    }
    const { provider, close } = open(address.href, {
      onError: () => {},
      ...rest,
    });
    await work(provider);
    await close();
  }

  const append = (
    provider: Provider<any, any>,
    { id = crypto.randomUUID() as string, tx = undefined as unknown } = {},
  ) => {
    const events = provider.createEvents("s", id, 1, [{ type: "Written" }]);
    return provider.append("s", id, 1, events, tx ? { tx } : {});
  };

  it("tables that were not made: NOT_MIGRATED", () =>
    using({ events: "nothing", bookmarks: "none" }, async (provider) => {
      await rejects(append(provider), "NOT_MIGRATED", /run migrate/);
      await rejects(provider.getEventsFrom("s", 0), "NOT_MIGRATED");
      await rejects(provider.getEventsFor("s", "id"), "NOT_MIGRATED");
      await rejects(provider.getPosition("b"), "NOT_MIGRATED");
      await rejects(provider.setPosition("b", 1), "NOT_MIGRATED");
      await rejects(provider.records!.get("k", "k"), "NOT_MIGRATED");
      await rejects(provider.horizon!(), "NOT_MIGRATED");
    }));

  it("a schema that does not exist: NOT_MIGRATED", () =>
    using({ events: "nowhere.events" }, async (provider) => {
      await rejects(append(provider), "NOT_MIGRATED");
      await rejects(provider.getEventsFrom("s", 0), "NOT_MIGRATED");
    }));

  it("a session that may only read: READ_ONLY", () =>
    using(
      { settings: "-c default_transaction_read_only=on" },
      async (provider) => {
        await rejects(append(provider), "READ_ONLY", /primary/);
        await provider.getEventsFrom("s", 0);
      },
    ));

  it("a lock that is not given back: LOCK_TIMEOUT, or STORE_BUSY", async () => {
    const [lock, unlock] = await openLock(schema);
    await using({ settings: "-c lock_timeout=100" }, async (provider) => {
      await rejects(append(provider), "LOCK_TIMEOUT", /lock/);
    });
    await using({ settings: "-c statement_timeout=100" }, async (provider) => {
      await rejects(append(provider), "STORE_BUSY", /statement_timeout/);
    });
    await lock.query("ROLLBACK");
    await unlock();
  });

  it("a connection that dies in an append: OUTCOME_UNKNOWN", async () => {
    const [lock, unlock] = await openLock(schema);
    await using(
      { settings: "-c application_name=victim" },
      async (provider) => {
        const id = crypto.randomUUID();
        const attempt = rejects(append(provider, { id }), "OUTCOME_UNKNOWN");
        await killWhenWaiting(schema);
        await attempt;
        await lock.query("ROLLBACK");
        await unlock();
        // The next one finds a connection that works.
        await append(provider, { id });
      },
    );
  });

  it("a connection that dies in a transaction: CONNECTION_LOST", async () => {
    const [lock, unlock] = await openLock(schema);
    await using(
      { settings: "-c application_name=victim" },
      async (provider) => {
        const id = crypto.randomUUID();
        const attempt = rejects(
          provider.transact!((tx) => append(provider, { id, tx })),
          "CONNECTION_LOST",
        );
        await killWhenWaiting(schema);
        await attempt;
        await lock.query("ROLLBACK");
        await unlock();
        assert.deepEqual(await provider.getEventsFor("s", id), []);
        await append(provider, { id });
      },
    );
  });

  it("a server that is not there: CONNECTION_LOST", () => {
    const url = new URL(schema.url);
    url.port = "1";
    return using({ url: url.href }, async (provider) => {
      await rejects(append(provider), "CONNECTION_LOST", /nothing was stored/);
    });
  });

  it("a client that was closed: STORE_CLOSED", async () => {
    const { provider, close } = open(schema.url);
    await append(provider);
    await close();
    await rejects(append(provider), "STORE_CLOSED");
  });

  it("a column of another type: STORE_FAILED, naming it", async () => {
    await (await openPg(schema.url, { events: "typed" })).close();
    await schema.query(
      "ALTER TABLE typed ALTER COLUMN event TYPE jsonb USING event::jsonb",
    );
    await using({ events: "typed" }, async (provider) => {
      await rejects(append(provider), "STORE_FAILED", /column "event".*type/);
    });
  });

  it("a column that is too short: INVALID_INPUT", async () => {
    await (await openPg(schema.url, { events: "short" })).close();
    await schema.query(
      "ALTER TABLE short ALTER COLUMN aggregate_id TYPE varchar(20)",
    );
    await using({ events: "short" }, async (provider) => {
      await rejects(append(provider), "INVALID_INPUT", /type to text/);
      await append(provider, { id: "short" });
    });
  });

  it("an event that is no JSON: STORE_FAILED, naming its position", async () => {
    const [{ position }] = await schema.query(
      "INSERT INTO events (stream, aggregate_id, version, timestamp, event) VALUES ('broken', 'b', 1, now(), 'no JSON') RETURNING position",
    );
    await using({}, async (provider) => {
      await rejects(
        provider.getEventsFor("broken", "b"),
        "STORE_FAILED",
        new RegExp(`position ${position}`),
      );
    });
  });

  it("a sequence behind its table: STORE_FAILED, not VersionError", async () => {
    await (await openPg(schema.url, { events: "behind" })).close();
    await schema.query(
      "INSERT INTO behind (position, stream, aggregate_id, version, timestamp, event) SELECT n, 's', 'a', n, now(), '{}' FROM generate_series(1, 9) AS n",
    );
    await using({ events: "behind" }, async (provider) => {
      await rejects(append(provider), "STORE_FAILED", /behind_pkey/);
    });
  });

  it("an append that the server chose as a deadlock's victim runs again", async () => {
    await (await openPg(schema.url, { events: "victim" })).close();
    await schema.query("CREATE TABLE totals (total integer NOT NULL)");
    await schema.query("INSERT INTO totals VALUES (0)");
    await schema.query("CREATE SEQUENCE tries");
    await schema.query(`
      CREATE FUNCTION count_up() RETURNS trigger LANGUAGE plpgsql AS $$
      BEGIN
        PERFORM nextval('tries');
        UPDATE totals SET total = total + 1;
        RETURN NEW;
      END $$`);
    await schema.query(
      "CREATE TRIGGER count_up AFTER INSERT ON victim FOR EACH ROW EXECUTE FUNCTION count_up()",
    );
    const other = new pg.Client(schema.url);
    await other.connect();
    await other.query("BEGIN");
    await other.query("SET LOCAL deadlock_timeout = '1min'");
    await other.query("UPDATE totals SET total = 0");
    // Whoever looks first for a deadlock is its victim.
    const settings = "-c deadlock_timeout=300ms";
    await using({ events: "victim", settings }, async (provider) => {
      const appending = append(provider, { id: "a" });
      const isTried = async () => {
        const [{ is_called }] = await schema.query(
          "SELECT is_called FROM tries",
        );
        return is_called as boolean;
      };
      while (!await isTried()) await sleep(5);
      await other.query("LOCK TABLE victim IN SHARE MODE");
      await other.query("COMMIT");
      await appending;
      assert.equal((await provider.getEventsFor("s", "a")).length, 1);
    });
    const [{ last_value }] = await schema.query("SELECT last_value FROM tries");
    assert.equal(Number(last_value), 2, "Expected one try to be in vain");
    assert.deepEqual(await schema.query("SELECT total FROM totals"), [
      { total: 1 },
    ]);
    await other.end();
    await schema.query("DROP TABLE victim, totals");
    await schema.query("DROP FUNCTION count_up");
    await schema.query("DROP SEQUENCE tries");
  });

  it("a conflict in a REPEATABLE READ transaction: TRANSACTION_CONFLICT", () =>
    using({}, async (provider) => {
      const id = crypto.randomUUID();
      const pool = new pg.Pool({ connectionString: schema.url });
      const own = pgProvider.createProvider({ client: pool });
      const client = await pool.connect();
      await client.query("BEGIN ISOLATION LEVEL REPEATABLE READ");
      await client.query("SELECT count(*) FROM events");
      await append(provider, { id });
      await rejects(
        append(own, { id, tx: client }),
        "TRANSACTION_CONFLICT",
      );
      await client.query("ROLLBACK");
      client.release();
      await pool.end();
    }));

  it("by default REPEATABLE READ, appends that race end as always", () =>
    using(
      { settings: "-c default_transaction_isolation=repeatable\\ read" },
      async (provider) => {
        for (let round = 0; round < 20; round++) {
          const id = crypto.randomUUID();
          const racers = await Promise.allSettled(
            Array.from({ length: 3 }, () => append(provider, { id })),
          );
          const losers = racers.filter(({ status }) => status === "rejected");
          assert.equal(losers.length, 2);
          for (const loser of losers as PromiseRejectedResult[]) {
            assert(loser.reason instanceof VersionError, `${loser.reason}`);
          }
        }
      },
    ));

  it("an altered column does not stop prepared statements", async () => {
    await (await openPg(schema.url, { events: "altered" })).close();
    await using({ events: "altered" }, async (provider) => {
      await append(provider, { id: "one" });
      await provider.getEventsFor("s", "one");
      await schema.query(
        "ALTER TABLE altered ALTER COLUMN stream TYPE varchar(300)",
      );
      assert.equal((await provider.getEventsFor("s", "one")).length, 1);
      await append(provider, { id: "two" });
    });
  });

  // It takes five seconds of waiting, the same on every server.
  const isFirst = server === postgresServers[0];
  if (isFirst) {
    it("a pool that is all held is told to onError", async () => {
      const errors: StoreError[] = [];
      const onError = (error: StoreError) => errors.push(error);
      const [lock, unlock] = await openLock(schema);
      await using({ onError }, async (provider) => {
        const waiting: Promise<unknown>[] = [];
        for (const id of ["a", "b", "c"]) {
          waiting.push(append(provider, { id }));
          // Those that arrive together share a statement.
          await sleep(50);
        }
        const reading = provider.getEventsFrom("s", 0);
        await sleep(5200);
        await lock.query("ROLLBACK");
        await unlock();
        await Promise.all([...waiting, reading]);
        assert.deepEqual(errors.map(({ code }) => code), ["STORE_BUSY"]);
        // Postgres.js does not tell how many are in use.
        assert.match(
          errors[0]!.message,
          /has 3 connections, 0 of them idle, and 1 wait for one|may have 3 connections/,
        );
      });
    });
  }
}

/** Keeps everybody from writing until it is rolled back. */
async function openLock(
  schema: PostgresSchema,
): Promise<[pg.Client, () => Promise<void>]> {
  const client = new pg.Client(schema.url);
  await client.connect();
  await client.query("BEGIN");
  await client.query("LOCK TABLE events IN SHARE MODE");
  return [client, () => client.end()];
}

/** Ends the session called "victim" as soon as it waits for a lock. */
async function killWhenWaiting(schema: PostgresSchema): Promise<void> {
  for (let tries = 0; tries < 400; tries++) {
    const killed = await schema.query(
      `SELECT pg_terminate_backend(a.pid)
      FROM pg_stat_activity AS a
      JOIN pg_locks AS l ON l.pid = a.pid AND NOT l.granted
      WHERE l.relation = '${schema.name}.events'::regclass`,
    );
    if (killed.length > 0) return;
    await sleep(5);
  }
  throw new Error("Expected a session to wait for the lock: none does");
}

async function rejects(
  attempt: Promise<unknown>,
  code: string,
  message = /./,
): Promise<void> {
  await assert.rejects(attempt, (error: StoreError) => {
    assert(error instanceof StoreError, `${error}`);
    assert.equal(error.code, code, error.message);
    assert.match(error.message, message);
    return true;
  });
}

function sleep(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
