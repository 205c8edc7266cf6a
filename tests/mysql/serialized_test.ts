import { createHandler } from "evtstore";
import assert from "node:assert/strict";
import { test } from "node:test";
import { migrate as migrateOld } from "npm:evtstore@12.0.1/provider/knex.js";
import { createProvider, migrate } from "../../providers/knex.ts";
import { findDatabase } from "../providers/support/databases.ts";
import { knexOnMysql } from "../providers/support/knex.ts";
import { createMysqlDatabase } from "../providers/support/mysql.ts";

const STREAM = "numbers";
const WRITING_MS = 2500;
const HELD_MS = 500;
const EVENT = { type: "Written" };

const mariadb = await findDatabase("mariadb");

if (mariadb) {
  test("serialized, on the tables of evtstore 12: nothing is missed", () =>
    testSkips(mariadb));
}

/** Writes to an aggregate of its own until it is told to stop. */
type Writer = (id: string, isOver: () => boolean) => Promise<void>;

async function testSkips(server: string): Promise<void> {
  const ordering = "serialized";
  const { client, url, drop } = await createMysqlDatabase(server);
  // The tables of evtstore 12, opened in place.
  await migrateOld({ client, events: "events", bookmarks: "bookmarks" });
  await migrate({ client });
  const other = knexOnMysql(url);
  const warnings: unknown[] = [];
  const onError = (error: unknown) => void warnings.push(error);
  const writing = createProvider({ client, ordering, onError });
  const reading = createProvider({ client: other, ordering, onError });

  const seen: number[] = [];
  const handler = createHandler<{ [STREAM]: typeof EVENT }>({
    bookmark: "tail",
    streams: [STREAM],
    provider: reading,
  });
  handler.handle(STREAM, "Written", async (_id, _event, { position }) => {
    seen.push(position);
  });
  handler.start();

  const appending: Writer = async (id, isOver) => {
    for (let version = 1; !isOver(); version += 2) {
      const events = writing.createEvents(STREAM, id, version, [EVENT, EVENT]);
      await writing.append(STREAM, id, version, events);
    }
  };
  const transacting: Writer = async (id, isOver) => {
    for (let version = 1; !isOver();) {
      const mayCommit = Math.random() > 0.2;
      await writing.transact(async (tx) => {
        const events = writing.createEvents(STREAM, id, version, [EVENT]);
        await sleep(Math.random() * 3);
        await writing.append(STREAM, id, version, events, { tx });
        await sleep(Math.random() * 12);
        if (!mayCommit) throw new Error("rolled back");
      }).then(() => version++, (error) => {
        assert.equal(error.message, "rolled back");
      });
    }
  };
  const writers = [
    ...Array<Writer>(5).fill(appending),
    ...Array<Writer>(3).fill(transacting),
  ];
  let isOver = false;
  const written = Promise.all(
    writers.map((write, index) => write(`writer ${index}`, () => isOver)),
  );

  // One is held open with an event that others wait for.
  await writing.transact(async (tx) => {
    const events = writing.createEvents(STREAM, "held", 1, [EVENT]);
    const [held] = await writing.append(STREAM, "held", 1, events, { tx });
    await sleep(HELD_MS);
    assert(
      seen.every((one) => one < held!.position),
      "Expected the handler to wait for the transaction: it went past",
    );
  });

  await sleep(WRITING_MS);
  isOver = true;
  await written;
  const stored = (await other("events").select("position").orderBy("position"))
    .map(({ position }) => Number(position));
  for (let tries = 0; tries < 300 && seen.length < stored.length; tries++) {
    await sleep(10);
  }
  await handler.stop();

  assert(stored.length > 100, `Expected many events: ${stored.length}`);
  assert.deepEqual(seen, stored);
  assert.deepEqual(warnings, []);
  await other.destroy();
  await drop();
}

function sleep(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
