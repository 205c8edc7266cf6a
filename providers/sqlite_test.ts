import assert from "node:assert/strict";
import { existsSync, mkdirSync, writeFileSync } from "node:fs";
import { DatabaseSync } from "node:sqlite";
import { test } from "node:test";
import {
  appendTo,
  hasCode,
  openProvider,
  temporaryPath,
} from "../tests/sqlite_database.ts";
import { defaultOnError } from "../core/default_on_error.ts";
import { createProvider, migrate } from "./sqlite.ts";

test("createProvider() opens nothing before its first use", async (t) => {
  const path = temporaryPath(t);
  const provider = createProvider({ path });
  assert.equal(existsSync(path), false);
  await provider.close();
  assert.equal(existsSync(path), false);
});

test("createProvider() refuses a database in memory by its path", () => {
  for (const path of [":memory:", ""]) {
    assert.throws(() => createProvider({ path }), {
      name: "StoreError",
      code: "INVALID_INPUT",
      field: "path",
      message: /pass \{ client: new DatabaseSync\(":memory:"\) \} instead/,
    });
  }
});

test("createProvider() refuses a table that could have no such name", () => {
  for (const table of ["events", "bookmarks", "records"]) {
    assert.throws(() => createProvider({ path: "log.db", [table]: "a\0b" }), {
      code: "INVALID_INPUT",
      field: table,
    });
  }
});

test("a provider tells what it is, how much it reads, and whom it calls", () => {
  const provider = createProvider({ path: "log.db" });
  assert.equal(provider.driver, "sqlite");
  assert.equal(provider.limit, 1000);
  assert.equal(provider.onError, defaultOnError);
  const onError = () => {};
  const other = createProvider({ path: "log.db", limit: 7, onError });
  assert.equal(other.limit, 7);
  assert.equal(other.onError, onError);
});

test("createProvider() wants a path or a client", () => {
  const client = new DatabaseSync(":memory:");
  for (const options of [{}, { path: "log.db", client }, { path: 7 }]) {
    assert.throws(() => createProvider(options as any), {
      code: "INVALID_INPUT",
      field: "path",
      message: /^Expected either "path", .* or "client"/,
    });
  }
});

test("createProvider() names the runtimes that have node:sqlite", async (t) => {
  const provider = createProvider({ path: temporaryPath(t) });
  const { getBuiltinModule } = process;
  process.getBuiltinModule =
    ((name: string) =>
      name === "node:sqlite"
        ? undefined
        : getBuiltinModule.call(process, name)) as typeof getBuiltinModule;
  t.after(() => void (process.getBuiltinModule = getBuiltinModule));
  const calls = [
    () => provider.getPosition("balances"),
    () => migrate({ path: temporaryPath(t), print: true }),
  ];
  for (const call of calls) {
    await assert.rejects(call, {
      name: "StoreError",
      code: "RUNTIME_UNSUPPORTED",
      message:
        "Cannot open an SQLite database: this runtime has no node:sqlite; use Node 22.13 or newer (22.5 to 22.12 with --experimental-sqlite), Deno 2.2 or newer, or Bun 1.4 or newer",
    });
  }
});

test("createProvider() tries again where the file could not be opened", async (t) => {
  const folder = `${temporaryPath(t)}-folder`;
  const provider = createProvider({ path: `${folder}/log.db` });
  t.after(() => provider.close());
  await assert.rejects(provider.getPosition("balances"), {
    code: "STORE_FAILED",
    message:
      /^Cannot open the SQLite database .*unable to open database file.*; its folder must exist, and this process may read and write it$/,
  });
  mkdirSync(folder);
  await openProvider(t, { path: `${folder}/log.db` });
  assert.equal(await provider.getPosition("balances"), 0);
});

test("a file that is no database is told as it is", async (t) => {
  const path = temporaryPath(t);
  writeFileSync(
    path,
    "this is no database, though it is long enough".repeat(9),
  );
  const provider = createProvider({ path });
  const calls = {
    getPosition: () => provider.getPosition("balances"),
    setPosition: () => provider.setPosition("balances", 1),
    transact: () => provider.transact(() => Promise.resolve()),
    migrate: () => migrate({ path }),
  };
  for (const [what, call] of Object.entries(calls)) {
    await assert.rejects(call, {
      name: "StoreError",
      code: "STORE_FAILED",
      message: new RegExp(`^Cannot run ${what}.*: file is not a database$`),
    });
  }
});

test("a path that is wrong shows in the error of its new and empty file", async (t) => {
  const path = temporaryPath(t);
  const provider = createProvider({ path });
  t.after(() => provider.close());
  await assert.rejects(provider.getEventsFor("accounts", "ada"), {
    code: "NOT_MIGRATED",
    message:
      `Cannot run getEventsFor on ${path}: no such table: events; run migrate() of this provider first`,
  });
});

test("createProvider({ path }) is durable, and others can write in between", async (t) => {
  const path = temporaryPath(t);
  await openProvider(t, { path });
  const client = new DatabaseSync(path);
  t.after(() => client.close());
  const provider = await openProvider(t, { client });
  assert.equal(pragma(client, "journal_mode"), "wal");
  await provider.transact((tx) => {
    assert.equal(tx, client);
    return Promise.resolve();
  });
  const own = createProvider({ path });
  t.after(() => own.close());
  await own.transact((tx) => {
    assert.equal(pragma(tx, "synchronous"), 2);
    assert.equal(pragma(tx, "busy_timeout"), 0);
    assert.equal(pragma(tx, "journal_mode"), "wal");
    return Promise.resolve();
  });
});

test("synchronous is what one says, FULL for a file, and else the client's own", async (t) => {
  const path = temporaryPath(t);
  const ask = async (options: Parameters<typeof createProvider>[0]) => {
    const provider = createProvider(options);
    const found = await provider.transact((tx) =>
      Promise.resolve(pragma(tx, "synchronous"))
    );
    await provider.close();
    return found;
  };
  await openProvider(t, { path });
  assert.equal(await ask({ path }), 2);
  assert.equal(await ask({ path, synchronous: "NORMAL" }), 1);
  const client = new DatabaseSync(path);
  t.after(() => client.close());
  client.exec("PRAGMA synchronous = OFF");
  assert.equal(await ask({ client }), 0);
  assert.equal(await ask({ client, synchronous: "EXTRA" }), 3);
});

test("who watches is woken by a transaction that appends, when it has committed", async (t) => {
  const client = new DatabaseSync(":memory:");
  t.after(() => client.close());
  const provider = await openProvider(t, { client });
  let wakes = 0;
  t.after(provider.watch(() => wakes++));
  const append = (id: string, tx?: DatabaseSync) =>
    provider.append(
      "a",
      id,
      1,
      provider.createEvents("a", id, 1, [{ type: "Done" }]),
      tx ? { tx } : {},
    );
  await append("x");
  assert.equal(wakes, 1);
  await provider.transact(async (tx) => {
    await append("y", tx);
    assert.equal(wakes, 1);
  });
  assert.equal(wakes, 2);
  await provider.transact(async (tx) => {
    await provider.setPosition("model", 1, { tx });
  });
  await assert.rejects(
    provider.transact(async (tx) => {
      await append("z", tx);
      throw new Error("no");
    }),
    /no/,
  );
  assert.equal(wakes, 2);
});

test("createProvider({ client }) is independent of how the client reads", async (t) => {
  const client = new DatabaseSync(temporaryPath(t), {
    readBigInts: true,
    returnArrays: true,
    timeout: 200,
  } as any);
  t.after(() => client.close());
  const provider = await openProvider(t, { client });
  assert.deepEqual(await appendTo(provider, "ada", 1, { count: 2 }), [1, 2]);
  const last = await provider.getLastEventFor("accounts", "ada");
  assert.equal(last?.position, 2);
  assert.equal(last?.event.cents, 1);
  assert.equal(
    client.prepare("PRAGMA busy_timeout").get() instanceof Array,
    true,
  );
});

test("createProvider() keeps tables of hostile names", async (t) => {
  const path = temporaryPath(t);
  const names = ['a"b', "'; DROP TABLE x; --", "`tick`", "select", "näm e"];
  for (const name of names) {
    const provider = await openProvider(t, {
      path,
      events: name,
      bookmarks: `${name} marks`,
    });
    await appendTo(provider, "ada", 1);
    await provider.setPosition("balances", 1);
    await provider.records.put("kind", "key", 1, { revision: 0 });
    assert.equal((await provider.getEventsFrom("accounts", 0)).length, 1);
    assert.equal(await provider.getPosition("balances"), 1);
    assert.equal((await provider.records.get("kind", "key"))?.value, 1);
  }
});

test("close() ends the provider and leaves the client open", async (t) => {
  const client = new DatabaseSync(temporaryPath(t));
  const provider = await openProvider(t, { client });
  const lastOne = appendTo(provider, "ada", 1);
  await provider.close();
  await provider.close();
  assert.deepEqual(await lastOne, [1]);
  const calls = [
    () => appendTo(provider, "ada", 2),
    () => provider.getEventsFrom("accounts", 0),
    () => provider.transact(() => Promise.resolve()),
    () => provider.horizon(),
  ];
  for (const call of calls) {
    await assert.rejects(call, {
      code: "STORE_CLOSED",
      message: /^Cannot run (append|getEventsFrom|transact|horizon): /,
    });
  }
  assert.equal(client.isOpen, true);
});

test("a client that was closed is STORE_CLOSED", async (t) => {
  const client = new DatabaseSync(temporaryPath(t));
  const provider = await openProvider(t, { client });
  await appendTo(provider, "ada", 1);
  client.close();
  await assert.rejects(appendTo(provider, "ada", 2), hasCode("STORE_CLOSED"));
  await assert.rejects(provider.transact(() => Promise.resolve()), {
    code: "STORE_CLOSED",
    message: /^Cannot run transact: /,
  });
});

test("close() lets the log be folded into the file", async (t) => {
  const path = temporaryPath(t);
  const provider = await openProvider(t, { path });
  await appendTo(provider, "ada", 1);
  await provider.getEventsFrom("accounts", 0);
  assert.equal(existsSync(`${path}-wal`), true);
  await provider.close();
  assert.equal(existsSync(`${path}-wal`), false);
});

function pragma(client: DatabaseSync, name: string): unknown {
  const row = client.prepare(`PRAGMA ${name}`).get()!;
  return Object.values(row)[0];
}
