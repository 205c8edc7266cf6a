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

onDatabase(
  "mariadb",
  "a deadlock that the work swallows commits nothing, and says so",
  async ({ provider, client }) => {
    await createRows(client);
    let swallowed: any;
    await rejectsWith(
      provider.transact(async (tx) => {
        await append(provider, "before", 1, tx);
        await tx("rows").where({ id: 1 }).update({ value: 1 });
        const other = await beginOpposite(client);
        const waiting = tx("rows").where({ id: 2 }).update({ value: 1 });
        const opposite = other("rows").where({ id: 1 }).update({ value: 2 });
        opposite.catch(() => {});
        await waiting.catch((error: unknown) => {
          swallowed = error;
        });
        await opposite.catch(() => {});
        await other.rollback();
        // On a connection that commits by itself this would be stored.
        await append(provider, "after", 1, tx);
      }),
      "TRANSACTION_ENDED",
      /deadlock/,
    );
    assert.equal(swallowed?.errno, 1213);
    assert.deepEqual(await storedIds(client), []);
    await append(provider, "next", 1);
    assert.deepEqual(await storedIds(client), ["next"]);
  },
);

onDatabase(
  "mariadb",
  "a deadlock that the work lets through runs the transaction again",
  async ({ provider, client }) => {
    await createRows(client);
    let runs = 0;
    let opposite: Promise<void> | undefined;
    await provider.transact(async (tx) => {
      const run = ++runs;
      await append(provider, "once", 1, tx);
      await tx("rows").where({ id: 1 }).update({ value: 1 });
      if (run === 1) {
        const other = await beginOpposite(client);
        opposite = Promise.resolve(
          other("rows").where({ id: 1 }).update({ value: 2 }),
        ).then(async () => void await other.commit());
      }
      await tx("rows").where({ id: 2 }).update({ value: 1 });
    });
    await opposite;
    assert.equal(runs, 2);
    assert.deepEqual(await storedIds(client), ["once"]);
    assert.deepEqual(
      (await client("rows").whereIn("id", [1, 2])).map(({ value }) => value),
      [1, 1],
    );
  },
);

onDatabase(
  "mariadb",
  "a statement that commits by itself ends the transaction with an error",
  async ({ provider, client }) => {
    await rejectsWith(
      provider.transact(async (tx) => {
        await tx.raw("CREATE TABLE surprise (id INT)");
        await append(provider, "after", 1, tx);
      }),
      "TRANSACTION_ENDED",
    );
    assert.deepEqual(await storedIds(client), []);
  },
);

onDatabase(
  "mariadb",
  "work that commits or rolls back itself is told so",
  async ({ provider, client }) => {
    for (const end of ["commit", "rollback"] as const) {
      await rejectsWith(
        provider.transact((tx) => tx[end]().then(() => {}, () => {})),
        "TRANSACTION_ENDED",
      );
    }
    await append(provider, "next", 1);
    assert.deepEqual(await storedIds(client), ["next"]);
  },
);

onDatabase(
  "mariadb",
  "connections come back from transact as they were",
  async ({ provider, url }) => {
    const client = knexOnMysql(url);
    client.client.pool.max = 1;
    const settings = async () => {
      const [[row]] = await client.raw(
        "SELECT @@autocommit AS autocommit, @@wait_timeout AS timeout, @@innodb_lock_wait_timeout AS lockTimeout",
      );
      return { ...row };
    };
    const before = await settings();
    const own = createProvider({ client, onError: () => {} });
    await own.transact((tx) => append(own, "kept", 1, tx));
    await assert.rejects(
      own.transact(async (tx) => {
        await append(own, "dropped", 1, tx);
        throw new Error("no");
      }),
      /^Error: no$/,
    );
    assert.deepEqual(await settings(), before);
    assert.equal((await provider.getEventsFor("stream", "kept")).length, 1);
    assert.equal((await provider.getEventsFor("stream", "dropped")).length, 0);
    await client.destroy();
  },
);

onDatabase(
  "mariadb",
  "a transaction that lies idle is ended by the server",
  async ({ provider, client }) => {
    await rejectsWith(
      provider.transact(async (tx) => {
        await append(provider, "idle", 1, tx);
        await sleep(1800);
        await append(provider, "late", 1, tx);
      }),
      "CONNECTION_LOST",
    );
    assert.deepEqual(await storedIds(client), []);
    await append(provider, "next", 1);
  },
  { transactionTimeoutMs: 1000 },
);

onDatabase(
  "mariadb",
  "an append in the application's own REPEATABLE READ sees what is committed",
  async ({ provider, client }) => {
    await append(provider, "shared", 1);
    const tx = await begin(client);
    assert.equal((await tx("events").select()).length, 1);
    await append(provider, "shared", 2);
    // Its snapshot still says that version 2 is free.
    await assert.rejects(append(provider, "shared", 2, tx), (error: any) => {
      assert(error instanceof VersionError);
      assert.equal(error.actualVersion, 2);
      return true;
    });
    // The refusal undid nothing but itself.
    await append(provider, "shared", 3, tx);
    await append(provider, "own", 1, tx);
    await tx.commit();
    assert.deepEqual(
      await storedIds(client),
      ["shared", "shared", "shared", "own"],
    );
  },
);

onDatabase(
  "mariadb",
  "in the application's own transaction a rollback takes the event with it",
  async ({ provider, client }) => {
    const tx = await begin(client);
    await append(provider, "own", 1, tx);
    await tx.rollback();
    await rejectsWith(append(provider, "own", 1, tx), "TRANSACTION_ENDED");
    assert.deepEqual(await storedIds(client), []);
  },
);

async function begin(client: Knex): Promise<Knex.Transaction> {
  return await client.transaction(undefined, {
    isolationLevel: "repeatable read",
  });
}

async function createRows(client: Knex): Promise<void> {
  await client.schema.createTable("rows", (table) => {
    table.integer("id").primary();
    table.integer("value");
  });
  await client("rows").insert([{ id: 1, value: 0 }, { id: 2, value: 0 }]);
}

/** Another transaction that takes the rows in the opposite order. */
async function beginOpposite(client: Knex): Promise<Knex.Transaction> {
  const other = await client.transaction();
  await other("rows").where({ id: 2 }).update({ value: 2 });
  // The server undoes the transaction that has changed less.
  await other.raw("CREATE TEMPORARY TABLE much (id INT) ENGINE=InnoDB");
  for (let id = 10; id < 60; id++) await other("rows").insert({ id, value: 0 });
  return other;
}
