import { StoreError } from "evtstore";
import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, it } from "node:test";
import {
  createProvider as createOldProvider,
  migrate as migrateOld,
} from "npm:evtstore@12.0.1/provider/knex.js";
import type { Knex } from "npm:knex@3";
import { knexOnNodeSqlite } from "../examples/bank/knex_node_sqlite.ts";
import { createProvider, type KnexProvider, migrate } from "./knex.ts";

const onError = () => {};

describe("Knex on SQLite", () => {
  it("opens the tables of evtstore 12 in place, beside evtstore 12", async () => {
    const client = knexOnNodeSqlite(":memory:");
    const forms = {
      events: () => client.table("log"),
      bookmarks: () => client.table("marks"),
    };
    const tables = { client, events: "log", bookmarks: "marks" };
    await migrateOld(tables);
    const old = createOldProvider<any>(forms as any);
    await append(old, "id", 1);
    await old.setPosition("mark", 1);
    const provider = createProvider({ ...forms, onError });
    await rejectsWith(append(provider, "id", 2), "NOT_MIGRATED");
    await migrate(tables);
    assert.deepEqual(await migrate({ ...tables, print: true }), []);

    await append(provider, "id", 2);
    await append(old, "id", 3);
    const events = await provider.getEventsFor("stream", "id");
    assert.deepEqual(events.map(({ version }) => version), [1, 2, 3]);
    assert(events.every(({ timestamp }) => timestamp instanceof Date));
    assert.equal(await provider.getPosition("mark"), 1);
    assert.equal(await provider.setPosition("mark", 2, { from: 1 }), true);
    assert.equal(await old.getPosition("mark"), 2);
    await client.destroy();
  });

  it("lets others run between the writes of a loop", async () => {
    const { provider, client } = await open();
    let turns = 0;
    const timer = setInterval(() => turns++, 1);
    const end = performance.now() + 200;
    for (let version = 1; performance.now() < end; version++) {
      await append(provider, "id", version);
    }
    clearInterval(timer);
    assert(turns > 10, `${turns}`);
    await client.destroy();
  });

  it("refuses at once what would wait for its own transaction", async () => {
    const { provider, client } = await open();
    await provider.transact(async (tx) => {
      const start = performance.now();
      await rejectsWith(append(provider, "id", 1), "TRANSACTION_JOINED");
      await rejectsWith(
        provider.getEventsFor("stream", "id"),
        "TRANSACTION_JOINED",
      );
      assert(performance.now() - start < 500);
      await append(provider, "id", 1, tx);
    });
    assert.equal((await provider.getEventsFor("stream", "id")).length, 1);
    await client.destroy();
  });

  it("appends in the application's own transaction", async () => {
    const { provider, client } = await open();
    const tx = await client.transaction();
    await Promise.all([
      append(provider, "one", 1, tx),
      append(provider, "two", 1, tx),
      assert.rejects(append(provider, "one", 7, tx), { name: "VersionError" }),
    ]);
    await tx.commit();
    assert.equal((await provider.getEventsFrom("stream", 0)).length, 2);
    await rejectsWith(append(provider, "one", 2, tx), "TRANSACTION_ENDED");
    await client.destroy();
  });

  it("tells work that ends its transaction itself", async () => {
    const { provider, client } = await open();
    for (const end of ["commit", "rollback"] as const) {
      await rejectsWith(
        provider.transact((tx) => tx[end]().then(() => {}, () => {})),
        "TRANSACTION_ENDED",
      );
    }
    await rejectsWith(
      provider.transact(async (tx) => {
        await tx.raw("ROLLBACK");
        await append(provider, "id", 1, tx);
      }),
      "TRANSACTION_ENDED",
    );
    assert.deepEqual([...await provider.getEventsFrom("stream", 0)], []);
    await append(provider, "id", 1);
    await client.destroy();
  });

  it("waits for another process, and lets nothing be lost", async () => {
    const folder = mkdtempSync(join(tmpdir(), "evtstore-"));
    const [one, two] = [1, 2].map(() =>
      knexOnNodeSqlite(join(folder, "log.db"))
    ) as [Knex, Knex];
    await migrate({ client: one });
    const providers = [one, two].map((client) =>
      createProvider({ client, onError })
    );
    await Promise.all(providers.map(async (provider, index) => {
      for (let version = 1; version <= 30; version++) {
        if (version % 3 > 0) await append(provider, `${index}`, version);
        else {
          await provider.transact((tx) =>
            append(provider, `${index}`, version, tx)
          );
        }
      }
    }));
    assert.equal((await providers[0]!.getEventsFrom("stream", 0)).length, 60);
    await Promise.all([one.destroy(), two.destroy()]);
    rmSync(folder, { recursive: true });
  });

  it("refuses a client that it has no statements for, and no client", () => {
    const other = { client: { dialect: "mssql", acquireConnection() {} } };
    assert.throws(
      () => createProvider({ client: other as any }),
      (error) => error instanceof StoreError && error.code === "NOT_SUPPORTED",
    );
    assert.throws(
      () => createProvider({ client: {} as any }),
      (error) => error instanceof StoreError && error.code === "INVALID_INPUT",
    );
  });
});

async function open() {
  const client = knexOnNodeSqlite(":memory:");
  await migrate({ client });
  return { client, provider: createProvider({ client, onError }) };
}

async function append(
  provider: Pick<KnexProvider<any>, "append" | "createEvents">,
  id: string,
  version: number,
  tx?: Knex.Transaction,
): Promise<void> {
  const events = provider.createEvents("stream", id, version, [
    { type: "Happened" },
  ]);
  const options = tx === undefined ? [] : [{ tx }] as const;
  await provider.append("stream", id, version, events, ...options);
}

async function rejectsWith(
  promise: Promise<unknown>,
  code: string,
): Promise<void> {
  await assert.rejects(promise, (error: any) => {
    assert.equal(`${error.name} ${error.code}`, `StoreError ${code}`);
    return true;
  });
}
