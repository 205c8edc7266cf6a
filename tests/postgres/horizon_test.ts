import { createHandler, type StoreError } from "evtstore";
// @ts-types="npm:@types/pg@8"
import pg from "pg";
import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { createProvider } from "../../providers/pg.ts";
import { openPg } from "../providers/support/pg.ts";
import {
  openSchema,
  type PostgresSchema,
  postgresServers,
} from "../providers/support/postgres.ts";

const EVENT = { type: "Written" };
const INSERT =
  "INSERT INTO events (stream, aggregate_id, version, timestamp, event) VALUES ('s', $1, 1, now(), '{\"type\":\"Written\"}') RETURNING position";

for (const server of postgresServers) {
  describe(`the horizon on ${server.name}`, () => {
    let schema: PostgresSchema;
    let opened: Awaited<ReturnType<typeof openPg>>;
    before(async () => {
      schema = await openSchema(server);
      opened = await openPg(schema.url);
    });
    after(async () => {
      await opened.close();
      await schema.drop();
    });

    const append = async (stream = "s") => {
      const { provider } = opened;
      const id = crypto.randomUUID();
      const events = provider.createEvents(stream, id, 1, [EVENT]);
      const [stored] = await provider.append(stream, id, 1, events);
      return stored!.position as number;
    };
    const read = async (position: number) =>
      (await opened.provider.getEventsFrom("s", position))
        .map((stored) => stored.position);

    it("TRUNCATE RESTART IDENTITY under a reader loses no event", async () => {
      for (let count = 0; count < 5; count++) await append();
      const { position: end } = await opened.provider.horizon();
      assert.deepEqual(await read(end), []);
      await schema.query("TRUNCATE events RESTART IDENTITY");
      const client = await opened.pool.connect();
      await client.query("BEGIN");
      const { rows } = await client.query(INSERT, ["overtaken"]);
      assert.equal(Number(rows[0].position), 1);
      const later = await append();
      // Without a reset, the end of the old log would be taken for safe.
      assert.deepEqual(await read(0), []);
      await client.query("COMMIT");
      client.release();
      assert.deepEqual(await read(0), [1, later]);
    });

    it("TRUNCATE under a running handler that is then reset loses no event", async () => {
      const own = await openPg(schema.url, {
        events: "emptied",
        bookmarks: "emptied_bookmarks",
      });
      const append = async (id: string) => {
        const events = own.provider.createEvents("s", id, 1, [EVENT]);
        await own.provider.append("s", id, 1, events);
      };
      const seen: string[] = [];
      const handler = createHandler<{ s: typeof EVENT }>({
        bookmark: "tail",
        streams: ["s"],
        provider: own.provider,
        poll: 20,
      });
      handler.handle("s", "Written", async (id) => void seen.push(id));
      handler.start();
      for (const id of ["a", "b", "c", "d"]) await append(id);
      await waitFor(() => seen.length === 4, 5000);
      await schema.query(
        "TRUNCATE emptied, emptied_bookmarks RESTART IDENTITY",
      );
      handler.reset();
      const client = await own.pool.connect();
      await client.query("BEGIN");
      await client.query(INSERT.replace("events", "emptied"), ["overtaken"]);
      await append("later");
      await sleep(200);
      assert.deepEqual(seen, ["a", "b", "c", "d"]);
      await client.query("COMMIT");
      client.release();
      await waitFor(() => seen.length === 6, 5000);
      assert.deepEqual(seen.slice(4), ["overtaken", "later"]);
      await handler.stop();
      await own.close();
    });

    it("a prepared transaction holds readers back, and is named", async () => {
      const { position: start } = await opened.provider.horizon();
      const gid = `evtstore ${schema.name}`;
      const client = await opened.pool.connect();
      await client.query("BEGIN");
      const { rows } = await client.query(INSERT, ["prepared"]);
      await client.query(`PREPARE TRANSACTION '${gid}'`);
      client.release();
      const later = await append();
      try {
        for (let tries = 0; tries < 3; tries++) {
          assert.deepEqual(await read(start), []);
        }
        const { position, blockedBy } = await opened.provider.horizon();
        assert.equal(position, start);
        assert.equal(blockedBy.length, 1);
        assert.equal(blockedBy[0]!.session, `prepared transaction ${gid}`);
        assert(blockedBy[0]!.ageMs! >= 0);
      } finally {
        await schema.query(`COMMIT PREPARED '${gid}'`);
      }
      assert.deepEqual(await read(start), [Number(rows[0].position), later]);
    });

    it("a handler that waits is woken soon after a held commit", async () => {
      const seen: number[] = [];
      const handler = createHandler<{ woken: typeof EVENT }>({
        bookmark: "woken",
        streams: ["woken"],
        provider: opened.provider,
        poll: 60_000,
      });
      handler.handle("woken", "Written", async (_id, _event, meta) => {
        seen.push(meta.position);
      });
      handler.start();
      const client = await opened.pool.connect();
      await client.query("BEGIN");
      await client.query(INSERT, ["in the way"]);
      const held = await append("woken");
      await sleep(300);
      assert.deepEqual(seen, []);
      await client.query("COMMIT");
      await waitFor(() => seen.length === 1, 500);
      assert.deepEqual(seen, [held]);
      // In a transaction of the application's own, which commits later.
      await client.query("BEGIN");
      const events = opened.provider.createEvents("woken", "own", 1, [EVENT]);
      const [own] = await opened.provider.append("woken", "own", 1, events, {
        tx: client,
      });
      await sleep(100);
      await client.query("COMMIT");
      client.release();
      await waitFor(() => seen.length === 2, 500);
      assert.deepEqual(seen, [held, own!.position]);
      await handler.stop();
    });

    // It takes five seconds of waiting, the same on every server.
    const isFirst = server === postgresServers[0];
    if (isFirst) {
      it("onError is told who holds handlers back", async () => {
        const errors: StoreError[] = [];
        const provider = createProvider({
          client: opened.pool,
          onError: (error) => errors.push(error),
        });
        const client = await opened.pool.connect();
        await client.query("BEGIN");
        await client.query(INSERT, ["stalled"]);
        await append();
        for (let tries = 0; tries < 56; tries++) {
          await provider.getEventsFrom("s", 0);
          await sleep(100);
        }
        await client.query("ROLLBACK");
        client.release();
        assert.equal(errors.length, 1);
        assert.equal(errors[0]!.code as string, "HORIZON_HELD");
        assert.match(
          errors[0]!.message,
          /process \d+ .* its last statement: INSERT/s,
        );
      });
    }

    it("a sequence that keeps numbers for sessions is refused", async () => {
      const own = await openPg(schema.url, { events: "cached" });
      const [{ name }] = await schema.query(
        "SELECT pg_get_serial_sequence('cached', 'position') AS name",
      );
      await schema.query(`ALTER SEQUENCE ${name} CACHE 20`);
      for (const ordering of ["horizon", "serialized"] as const) {
        const provider = createProvider({
          client: own.pool,
          events: "cached",
          ordering,
        });
        await rejects(
          provider.getEventsFrom("s", 0),
          "NOT_SUPPORTED",
          /sequence.*CACHE 1/s,
        );
      }
      await schema.query(`ALTER SEQUENCE ${name} CACHE 1`);
      assert.deepEqual([...await own.provider.getEventsFrom("s", 0)], []);
      await own.close();
    });

    it("inside a REPEATABLE READ transaction of a client it is refused", async () => {
      const client = new pg.Client(schema.url);
      await client.connect();
      const provider = createProvider({ client });
      await provider.getEventsFrom("s", 0);
      await client.query("BEGIN ISOLATION LEVEL REPEATABLE READ");
      await rejects(
        provider.getEventsFrom("s", 0),
        "TRANSACTION_FOREIGN",
        /repeatable read/,
      );
      await client.query("ROLLBACK");
      await provider.getEventsFrom("s", 0);
      await client.end();
    });

    it("an insert straight into a partition holds readers back", async () => {
      await schema.query(`
        CREATE TABLE parted (
          position bigint GENERATED BY DEFAULT AS IDENTITY,
          stream text NOT NULL,
          aggregate_id text NOT NULL,
          version integer NOT NULL,
          timestamp timestamptz NOT NULL,
          event text NOT NULL,
          metadata text,
          command_id text,
          PRIMARY KEY (position, stream),
          UNIQUE (stream, aggregate_id, version)
        ) PARTITION BY LIST (stream)`);
      await schema.query("CREATE TABLE parted_s PARTITION OF parted DEFAULT");
      const own = await openPg(schema.url, { events: "parted" });
      const append = async (id: string) => {
        const events = own.provider.createEvents("s", id, 1, [EVENT]);
        return (await own.provider.append("s", id, 1, events))[0]!.position;
      };
      const client = await own.pool.connect();
      await client.query("BEGIN");
      const { rows } = await client.query(`
        INSERT INTO parted_s (position, stream, aggregate_id, version, timestamp, event)
        VALUES (nextval(pg_get_serial_sequence('parted', 'position')), 's', 'x', 1, now(), '{}')
        RETURNING position`);
      const later = await append("later");
      assert.deepEqual([...await own.provider.getEventsFrom("s", 0)], []);
      await client.query("COMMIT");
      client.release();
      const positions = (await own.provider.getEventsFrom("s", 0))
        .map((stored) => stored.position);
      assert.deepEqual(positions, [Number(rows[0].position), later]);
      await own.close();
    });

    it("serialized writers become visible in order, one by one", async () => {
      const own = await openPg(schema.url, {
        events: "in_turn",
        ordering: "serialized",
      });
      const { provider } = own;
      const append = (id: string, tx?: pg.PoolClient) => {
        const events = provider.createEvents("s", id, 1, [EVENT]);
        return provider.append("s", id, 1, events, tx ? { tx } : {});
      };
      let isBeside = false;
      let beside: Promise<unknown> | undefined;
      await provider.transact(async (tx) => {
        await append("first", tx);
        beside = append("second").then(() => isBeside = true);
        await sleep(200);
        assert.equal(isBeside, false);
      });
      await beside;
      const page = await provider.getEventsFrom("s", 0);
      assert.deepEqual(page.map(({ aggregateId }) => aggregateId), [
        "first",
        "second",
      ]);
      assert.equal(page.scannedTo, page.at(-1)!.position);
      await own.close();
    });
  });
}

async function rejects(
  attempt: Promise<unknown>,
  code: string,
  message: RegExp,
): Promise<void> {
  await assert.rejects(attempt, (error: StoreError) => {
    assert.equal(error.code, code);
    assert.match(error.message, message);
    return true;
  });
}

async function waitFor(isDone: () => boolean, ms: number): Promise<void> {
  for (let waited = 0; waited < ms && !isDone(); waited += 5) await sleep(5);
}

function sleep(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
