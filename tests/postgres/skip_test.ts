import { createHandler } from "evtstore";
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { openPg } from "../providers/support/pg.ts";
import {
  openSchema,
  type PostgresServer,
  postgresServers,
} from "../providers/support/postgres.ts";
import { openPostgresJs } from "../providers/support/postgres_js.ts";

const STREAM = "numbers";
const WRITING_MS = 2500;
const HELD_MS = 500;
const INSERT =
  "INSERT INTO events (stream, aggregate_id, version, timestamp, event) VALUES ($1, $2, $3, now(), $4) RETURNING position";
const EVENT = { type: "Written" };

/** Writes to an aggregate of its own until it is told to stop. */
type Writer = (id: string, isOver: () => boolean) => Promise<void>;

for (const server of postgresServers) {
  describe(`skips on ${server.name}`, () => {
    it("a handler beside eight stalling writers misses nothing", () =>
      testSkips(server));
  });
}

async function testSkips(server: PostgresServer): Promise<void> {
  const schema = await openSchema(server);
  const pg = await openPg(schema.url, { max: 20 });
  const js = await openPostgresJs(schema.url);

  const seen: number[] = [];
  const handler = createHandler<{ [STREAM]: typeof EVENT }>({
    bookmark: "tail",
    streams: [STREAM],
    provider: pg.provider,
  });
  handler.handle(STREAM, "Written", async (_id, _event, { position }) => {
    seen.push(position);
  });
  handler.start();

  // What evtstore 12 does: everything after the bookmark that is visible.
  const naivelySeen: number[] = [];
  let naiveBookmark = 0;
  const readNaively = async () => {
    const rows = await schema.query(
      "SELECT position FROM events WHERE position > $1 ORDER BY position",
      [naiveBookmark],
    );
    naivelySeen.push(...rows.map(({ position }) => Number(position)));
    naiveBookmark = naivelySeen.at(-1) ?? 0;
  };

  const appending: Writer = async (id, isOver) => {
    for (let version = 1; !isOver(); version += 2) {
      const events = js.provider.createEvents(STREAM, id, version, [
        EVENT,
        EVENT,
      ]);
      await js.provider.append(STREAM, id, version, events);
    }
  };
  const transacting: Writer = async (id, isOver) => {
    for (let version = 1; !isOver();) {
      const mayCommit = Math.random() > 0.2;
      await pg.provider.transact(async (tx) => {
        const events = pg.provider.createEvents(STREAM, id, version, [EVENT]);
        await pg.provider.append(STREAM, id, version, events, { tx });
        await sleep(Math.random() * 12);
        if (!mayCommit) throw new Error("rolled back");
      }).then(() => version++, (error) => {
        assert.equal(error.message, "rolled back");
      });
    }
  };
  const plain: Writer = async (id, isOver) => {
    const client = await pg.pool.connect();
    for (let version = 1; !isOver();) {
      await client.query("BEGIN");
      await sleep(Math.random() * 5);
      await client.query(INSERT, [STREAM, id, version, JSON.stringify(EVENT)]);
      await client.query("SAVEPOINT later");
      await client.query(INSERT, [STREAM, id, version + 1, "{}"]);
      await client.query("ROLLBACK TO later");
      await sleep(Math.random() * 10);
      if (Math.random() > 0.2) {
        await client.query("COMMIT");
        version++;
      } else await client.query("ROLLBACK");
    }
    client.release();
  };

  const writers = [
    appending,
    appending,
    appending,
    transacting,
    transacting,
    transacting,
    plain,
    plain,
  ];
  let isOver = false;
  const writing = Promise.all(
    writers.map((write, index) => write(`writer ${index}`, () => isOver)),
  );

  // One is held open with an event that others have overtaken.
  const held = await pg.pool.connect();
  await held.query("BEGIN");
  const { rows: [overtaken] } = await held.query(INSERT, [
    STREAM,
    "held",
    1,
    JSON.stringify(EVENT),
  ]);
  const beside = pg.provider.createEvents(STREAM, "beside", 1, [EVENT]);
  const [later] = await pg.provider.append(STREAM, "beside", 1, beside);
  await readNaively();
  const { blockedBy } = await pg.provider.horizon();
  assert(
    blockedBy.some(({ query }) => query?.startsWith("INSERT INTO events")),
  );
  await sleep(HELD_MS);
  const position = Number(overtaken.position);
  assert(later!.position > position);
  assert(
    seen.every((one) => one < position),
    "Expected the handler to wait for the transaction: it went past",
  );
  await held.query("COMMIT");
  held.release();

  await sleep(WRITING_MS);
  isOver = true;
  await writing;
  await readNaively();
  const stored = (await schema.query("SELECT position FROM events ORDER BY 1"))
    .map((row) => Number(row.position));
  for (let tries = 0; tries < 200 && seen.length < stored.length; tries++) {
    await sleep(10);
  }
  await handler.stop();

  assert(stored.length > 500, `Expected many events: ${stored.length}`);
  assert.deepEqual(seen, stored);
  const missed = stored.filter((one) => !naivelySeen.includes(one));
  assert(
    missed.includes(position),
    "Expected a naive reader to miss the overtaken event: it saw it",
  );
  await pg.close();
  await js.close();
  await schema.drop();
}

function sleep(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
