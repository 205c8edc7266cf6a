import { createHandler } from "evtstore";
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import {
  createProvider as createOldProvider,
  migrate as migrateOld,
} from "npm:evtstore@12.0.1/provider/knex.js";
import type { Knex } from "npm:knex@3";
import { createProvider, type KnexOrdering } from "../../providers/knex.ts";
import { knexOnMysql } from "../providers/support/knex.ts";
import {
  createMysqlDatabase,
  migrateMysql,
} from "../providers/support/mysql.ts";
import { servers } from "./support.ts";

const STREAM = "numbers";
const WRITING_MS = 2500;
const HELD_MS = 500;
const EVENT = { type: "Written" };

const { mariadb, mysql8 } = servers;

// By metadata locks on MariaDB: tests/faults/skip_test.ts, in several processes.
describe("skips on MariaDB and MySQL", () => {
  if (mariadb) {
    it("serialized, on the tables of evtstore 12: nothing is missed", () =>
      testSkips(mariadb, "serialized", ["ours"], 100));
  }
  if (!mysql8) return;
  it("by metadata locks of MySQL itself: nothing is missed, whoever writes", () =>
    testSkips(mysql8, "horizon", ["ours", "plain", "evtstore 12"], 200));
  it("serialized on MySQL itself: nothing of this library's writers is missed", () =>
    testSkips(mysql8, "serialized", ["ours"], 200));
});

/** Writes to an aggregate of its own until it is told to stop. */
type Writer = (id: string, isOver: () => boolean) => Promise<void>;
type Kind = "ours" | "plain" | "evtstore 12";

async function testSkips(
  server: string,
  ordering: KnexOrdering,
  kinds: Kind[],
  least: number,
): Promise<void> {
  const { client, url, drop } = await createMysqlDatabase(server);
  // The tables of evtstore 12, opened in place.
  await migrateOld({ client, events: "events", bookmarks: "bookmarks" });
  await migrateMysql(client);
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

  // What evtstore 12 does: everything after the bookmark that is visible.
  const naivelySeen: number[] = [];
  const readNaively = async () => {
    const rows = await other("events").select("position").orderBy("position")
      .where("position", ">", naivelySeen.at(-1) ?? 0);
    naivelySeen.push(...rows.map(({ position }) => Number(position)));
  };

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
  const plain: Writer = async (id, isOver) => {
    for (let version = 1; !isOver();) {
      const tx = await client.transaction();
      await sleep(Math.random() * 5);
      await insertPlainly(tx, id, version);
      await sleep(Math.random() * 10);
      if (Math.random() > 0.2) {
        await tx.commit();
        version++;
      } else await tx.rollback();
    }
  };
  const old = createOldProvider<typeof EVENT>({
    events: () => client.table("events") as any,
    bookmarks: () => client.table("bookmarks") as any,
  });
  const appendingOld: Writer = async (id, isOver) => {
    for (let version = 1; !isOver(); version++) {
      const events = old.createEvents(STREAM, id, version, [EVENT]);
      await old.append(STREAM, id, version, events);
      await sleep(Math.random() * 5);
    }
  };
  const writers = kinds.includes("plain")
    ? [
      appending,
      appending,
      appending,
      transacting,
      transacting,
      plain,
      plain,
      appendingOld,
    ]
    : [
      ...Array<Writer>(5).fill(appending),
      ...Array<Writer>(3).fill(transacting),
    ];
  let isOver = false;
  const written = Promise.all(
    writers.map((write, index) => write(`writer ${index}`, () => isOver)),
  );

  // One is held open with an event that others have overtaken.
  let overtaken = 0;
  await writing.transact(async (tx) => {
    const events = writing.createEvents(STREAM, "held", 1, [EVENT]);
    const [held] = await writing.append(STREAM, "held", 1, events, { tx });
    overtaken = held!.position;
    if (ordering === "horizon") {
      const beside = writing.createEvents(STREAM, "beside", 1, [EVENT]);
      const [later] = await writing.append(STREAM, "beside", 1, beside);
      assert(later!.position > overtaken);
      await readNaively();
    }
    await sleep(HELD_MS);
    assert(
      seen.every((one) => one < overtaken),
      "Expected the handler to wait for the transaction: it went past",
    );
  });

  await sleep(WRITING_MS);
  isOver = true;
  await written;
  await readNaively();
  const stored = (await other("events").select("position").orderBy("position"))
    .map(({ position }) => Number(position));
  for (let tries = 0; tries < 300 && seen.length < stored.length; tries++) {
    await sleep(10);
  }
  await handler.stop();

  assert(stored.length > least, `Expected many events: ${stored.length}`);
  assert.deepEqual(seen, stored);
  if (ordering === "horizon") {
    assert(
      !naivelySeen.includes(overtaken),
      "Expected a naive reader to miss the overtaken event: it saw it",
    );
  }
  const codes = [...new Set(warnings.map((warning: any) => warning.code))];
  assert.deepEqual(codes, []);
  await other.destroy();
  await drop();
}

async function insertPlainly(
  tx: Knex.Transaction,
  id: string,
  version: number,
): Promise<void> {
  await tx("events").insert({
    stream: STREAM,
    aggregate_id: id,
    version,
    timestamp: new Date(),
    event: JSON.stringify(EVENT),
  });
}

function sleep(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
