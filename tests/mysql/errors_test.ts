import assert from "node:assert/strict";
import { VersionError } from "evtstore";
import type { Knex } from "npm:knex@3";
import { createProvider } from "../../providers/knex.ts";
import { knexOnMysql } from "../providers/support/knex.ts";
import {
  append,
  onDatabase,
  rejectsWith,
  sleep,
  storedIds,
} from "./support.ts";

onDatabase("mariadb", "a missing table is NOT_MIGRATED", async ({ client }) => {
  const provider = createProvider({ client, events: "nothing" });
  await rejectsWith(
    append(provider, "id", 1),
    "NOT_MIGRATED",
    /nothing.*run migrate\(\)/,
  );
  await rejectsWith(provider.getEventsFrom("stream", 0), "NOT_MIGRATED");
});

onDatabase(
  "mariadb",
  "a deadlock is tried again, and is no version conflict",
  async ({ provider, client }) => {
    await client.raw("CREATE TABLE totals (id INT PRIMARY KEY, total INT)");
    await client("totals").insert([{ id: 1, total: 0 }, { id: 2, total: 0 }]);
    await client.raw(
      "CREATE TRIGGER count_up AFTER INSERT ON events FOR EACH ROW UPDATE totals SET total = total + 1 WHERE id = 1",
    );
    const other = await client.transaction();
    await other("totals").where({ id: 1 }).update({ total: 10 });
    // The server undoes the transaction that has changed less.
    for (let id = 10; id < 60; id++) {
      await other("totals").insert({ id, total: 0 });
    }
    const appending = append(provider, "id", 1);
    await untilWaiting(client);
    const [{ count }] = await client("information_schema.innodb_metrics")
      .select("count").where({ name: "lock_deadlocks" });
    // Takes the row that the append has made, which waits for ours.
    await other.raw(
      "INSERT INTO events (stream, aggregate_id, version, timestamp, event) VALUES ('stream', 'id', 1, NOW(3), '{}')",
    );
    const [after] = await client("information_schema.innodb_metrics")
      .select("count").where({ name: "lock_deadlocks" });
    assert.equal(after!.count, count + 1, "Expected a deadlock");
    await other.rollback();
    await appending;
    assert.deepEqual(await storedIds(client), ["id"]);
    const [row] = await client("totals").where({ id: 1 });
    assert.equal(row!.total, 1);
  },
);

const failures: { errno: number; code: string; text?: string }[] = [
  { errno: 1114, code: "STORE_FULL", text: "The table is full" },
  { errno: 1021, code: "STORE_FULL", text: "Disk full" },
  {
    errno: 1290,
    code: "READ_ONLY",
    text: "The server is running with the --read-only option",
  },
  { errno: 1290, code: "STORE_FAILED", text: "--secure-file-priv" },
  { errno: 1836, code: "READ_ONLY" },
  { errno: 1317, code: "STORE_BUSY" },
  { errno: 1644, code: "STORE_FAILED", text: "a trigger of somebody" },
];
for (const { errno, code, text = "no" } of failures) {
  onDatabase(
    "mariadb",
    `error ${errno} "${text}" of the server is ${code}`,
    async ({ provider, client }) => {
      await client.raw(
        `CREATE TRIGGER failure BEFORE INSERT ON events FOR EACH ROW
        SIGNAL SQLSTATE '45000' SET MYSQL_ERRNO = ${errno}, MESSAGE_TEXT = '${text}'`,
      );
      await rejectsWith(append(provider, "id", 1), code, /^Cannot run append/);
      await client.raw("DROP TRIGGER failure");
      await append(provider, "id", 1);
    },
  );
}

onDatabase(
  "mariadb",
  "a session that may only read is READ_ONLY",
  async ({ url }) => {
    const client = knexOnMysql(url);
    client.client.pool.max = 1;
    await client.raw("SET SESSION TRANSACTION READ ONLY");
    const provider = createProvider({ client, onError: () => {} });
    await rejectsWith(append(provider, "id", 1), "READ_ONLY");
    await client.destroy();
  },
);

onDatabase(
  "mariadb",
  "a lock that is not given back is LOCK_TIMEOUT",
  async ({ provider, client }) => {
    await append(provider, "id", 1);
    const tx = await client.transaction();
    await append(provider, "id", 2, tx);
    await rejectsWith(
      provider.transact(async (own) => {
        await own.raw("SET SESSION innodb_lock_wait_timeout = 1");
        try {
          await append(provider, "id", 2, own);
        } finally {
          await own.raw("SET SESSION innodb_lock_wait_timeout = DEFAULT");
        }
      }),
      "LOCK_TIMEOUT",
    );
    await tx.commit();
    await assert.rejects(append(provider, "id", 2), VersionError);
  },
);

onDatabase(
  "mariadb",
  "a column of another type is STORE_FAILED",
  async ({ provider, client }) => {
    await client.raw("ALTER TABLE events MODIFY event INT");
    await rejectsWith(
      append(provider, "id", 1),
      "STORE_FAILED",
      /another type than migrate\(\) gives it/,
    );
  },
);

onDatabase(
  "mariadb",
  "a connection lost while an append is under way is OUTCOME_UNKNOWN",
  async ({ provider, client }) => {
    await client.raw(
      "CREATE TRIGGER stall BEFORE INSERT ON events FOR EACH ROW DO SLEEP(3)",
    );
    const appending = append(provider, "id", 1);
    await kill(client, "SLEEP(3)", appending);
    await rejectsWith(appending, "OUTCOME_UNKNOWN", /read again/);
    await client.raw("DROP TRIGGER stall");
    // The server may have gone on or not, as the code says.
    const [stored] = await provider.getEventsFor("stream", "id");
    await append(provider, "id", stored ? 2 : 1);
  },
);

onDatabase(
  "mariadb",
  "a connection lost while reading is CONNECTION_LOST",
  async ({ provider, client }) => {
    await append(provider, "id", 1);
    const holder = await client.transaction();
    await holder.raw("LOCK TABLES events WRITE");
    const reading = provider.getEventsFor("stream", "id");
    await kill(client, "event.aggregate_id", reading);
    await rejectsWith(reading, "CONNECTION_LOST");
    await holder.raw("UNLOCK TABLES");
    await holder.rollback();
    assert.equal((await provider.getEventsFor("stream", "id")).length, 1);
  },
);

onDatabase(
  "mariadb",
  "a server that is not there is CONNECTION_LOST, a closed client STORE_CLOSED",
  async ({ url }) => {
    const nowhere = new URL(url);
    nowhere.port = "1";
    const client = knexOnMysql(nowhere.href);
    const provider = createProvider({ client, onError: () => {} });
    await rejectsWith(append(provider, "id", 1), "CONNECTION_LOST");
    await client.destroy();
    await rejectsWith(append(provider, "id", 1), "STORE_CLOSED");
  },
);

onDatabase(
  "mariadb",
  "a unique index of the application is no version conflict",
  async ({ provider, client }) => {
    await client.schema.alterTable("events", (table) => {
      table.string("own").defaultTo("same").unique();
    });
    await append(provider, "id", 1);
    await rejectsWith(append(provider, "id", 2), "STORE_FAILED", /Duplicate/);
    await assert.rejects(append(provider, "id", 1), VersionError);
  },
);

/** Kills the connection that runs the statement, before it has ended. */
async function kill(
  client: { raw(sql: string, values?: unknown[]): PromiseLike<any> },
  statement: string,
  running: Promise<unknown>,
): Promise<void> {
  let isOver = false;
  running.catch(() => {}).finally(() => isOver = true);
  while (!isOver) {
    const [rows] = await client.raw(
      "SELECT id FROM information_schema.processlist WHERE db = DATABASE() AND id <> CONNECTION_ID() AND INFO LIKE ?",
      [`%${statement}%`],
    );
    if (rows.length > 0) {
      await client.raw(`KILL ${rows[0].id}`);
      return;
    }
    await sleep(5);
  }
}

/** Resolves when another session has been at its statement for a while. */
async function untilWaiting(client: Knex): Promise<void> {
  let seen = 0;
  for (let tries = 0; tries < 400; tries++) {
    const [rows] = await client.raw(
      "SELECT id FROM information_schema.processlist WHERE db = DATABASE() AND command = 'Query' AND id <> CONNECTION_ID()",
    );
    seen = rows.length > 0 ? seen + 1 : 0;
    if (seen === 20) return;
    await sleep(10);
  }
  throw new Error("Expected a session to wait for a row: none does");
}
