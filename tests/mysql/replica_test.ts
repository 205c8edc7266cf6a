import { createHandler, type StoreError } from "evtstore";
import assert from "node:assert/strict";
import { test } from "node:test";
import type { Knex } from "npm:knex@3";
import { type Connection, createConnection } from "npm:mysql2@3/promise";
import { createProvider, type KnexProvider } from "../../providers/knex.ts";
import { mariadb } from "../../scripts/databases/mariadb.ts";
import { knexOnMysql } from "../providers/support/knex.ts";
import { migrateMysql } from "../providers/support/mysql.ts";
import {
  type PrivateServer,
  withPrivateServer,
} from "../providers/support/private_server.ts";
import { append, readLog, rejectsWith, sleep } from "./support.ts";

test("a replica of MariaDB", (t) =>
  withPair(async ({ primary, replica, connection }) => {
    const reports: StoreError[] = [];
    const onError = (error: StoreError) => void reports.push(error);
    const writing = createProvider({ client: primary, onError });
    const reading = createProvider({ client: replica, onError });

    await t.test("refuses handlers, which would skip events there", async () => {
      const tx = await primary.transaction();
      const held = await append(writing, "held", 1, tx);
      const later = await append(writing, "later", 1);
      await caughtUp(reading, "later");
      await rejectsWith(readLog(reading), "NOT_SUPPORTED", /primary/);
      // What it would do, were it not told by the switch that it is a replica.
      await connection.query("SET GLOBAL read_only = OFF");
      const unaware = createProvider({ client: replica, onError });
      assert.deepEqual(await readLog(unaware), [later]);
      await connection.query("SET GLOBAL read_only = ON");
      assert(held.position < later.position);
      await tx.commit();
      await caughtUp(reading, "held");
      await rejectsWith(readLog(reading), "NOT_SUPPORTED", /primary/);
      const own = await reading.getEventsFor("stream", "held");
      assert.deepEqual(own, [held]);
    });

    await t.test("shows every event in order where all writers are serialized", async () => {
      const ordering = "serialized";
      const before = (await readLog(writing)).at(-1)!.position;
      const writer = createProvider({ client: primary, ordering, onError });
      const reader = createProvider({ client: replica, ordering, onError });
      const seen: number[] = [];
      let position = before;
      const handler = createHandler<{ stream: { type: "Happened" } }>({
        // A replica cannot keep bookmarks.
        bookmark: {
          name: "elsewhere",
          getPosition: async () => position,
          setPosition: async (next: number) => void (position = next),
        },
        streams: ["stream"],
        provider: reader,
        poll: 20,
      });
      handler.handle("stream", "Happened", async (_id, _event, meta) => {
        seen.push(meta.position);
      });
      handler.start();
      const written = await Promise.all(
        Array.from({ length: 8 }, async (_, index) => {
          const positions: number[] = [];
          for (let version = 1; version <= 30; version++) {
            const stored = await append(writer, `writer ${index}`, version);
            positions.push(stored.position);
          }
          return positions;
        }),
      );
      const expected = written.flat().sort((a, b) => a - b);
      const isDone = () => seen.length >= expected.length;
      for (let tries = 0; tries < 1000 && !isDone(); tries++) await sleep(10);
      await handler.stop();
      assert.deepEqual(seen, expected);
    });
    assert.deepEqual(reports, []);
  }));

/** A primary and its replica, with a user that has no special rights. */
async function withPair(
  work: (pair: {
    primary: Knex;
    replica: Knex;
    connection: Connection;
  }) => Promise<void>,
): Promise<void> {
  const args = ["--log-bin=binlog", "--binlog-format=ROW", "--server-id=1"];
  const replicaArgs = ["--server-id=2", "--read-only"];
  await withPrivateServer(
    mariadb,
    { args },
    (first) =>
      withPrivateServer(mariadb, { args: replicaArgs }, async (second) => {
        const connection = await createConnection(second.url);
        await follow(first, connection);
        const primary = knexOnMysql(first.url);
        const replica = knexOnMysql(second.url);
        await migrateMysql(primary);
        for (let tries = 0; tries < 500; tries++) {
          if (await replica.schema.hasTable("events_records")) break;
          await sleep(20);
        }
        try {
          await work({ primary, replica, connection });
        } finally {
          await Promise.all([primary.destroy(), replica.destroy()]);
          await connection.end();
        }
      }),
  );
}

async function follow(
  primary: PrivateServer,
  replica: Connection,
): Promise<void> {
  const { port, username, password } = new URL(primary.url);
  const client = await createConnection(primary.url);
  const [[status]] = await client.query<any>("SHOW MASTER STATUS");
  await client.end();
  await replica.query(
    `CHANGE MASTER TO
      MASTER_HOST = '127.0.0.1',
      MASTER_PORT = ${port},
      MASTER_USER = '${username}',
      MASTER_PASSWORD = '${password}',
      MASTER_LOG_FILE = '${status.File}',
      MASTER_LOG_POS = ${status.Position},
      MASTER_USE_GTID = no`,
  );
  await replica.query("START SLAVE");
}

async function caughtUp(
  reader: KnexProvider<any>,
  aggregateId: string,
): Promise<void> {
  for (let tries = 0; tries < 500; tries++) {
    const found = await reader.getEventsFor("stream", aggregateId);
    if (found.length > 0) return;
    await sleep(20);
  }
  throw new Error(`Expected the replica to show ${aggregateId}: it does not`);
}
