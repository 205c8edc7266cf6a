import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import process from "node:process";
import { DatabaseSync } from "node:sqlite";
import { test, type TestContext } from "node:test";
import { openProvider, temporaryPath } from "../tests/sqlite_database.ts";
import { createProvider, migrate } from "./sqlite.ts";
import {
  openDatabase,
  SqliteConnection,
  SqliteConnections,
} from "./sqlite_connection.ts";

/** What a client offers before Node 22.15: no `isOpen`, no `isTransaction`. */
function olderClient(): { database: DatabaseSync; prepared: string[] } {
  const client = new DatabaseSync(":memory:");
  client.exec("PRAGMA busy_timeout = 0");
  const prepared: string[] = [];
  const older = {
    prepare(sql: string) {
      prepared.push(sql);
      const statement = client.prepare(sql);
      return {
        all: statement.all.bind(statement),
        get: statement.get.bind(statement),
        run: statement.run.bind(statement),
        setReadBigInts: statement.setReadBigInts.bind(statement),
      };
    },
  };
  return { database: older as unknown as DatabaseSync, prepared };
}

test("where the driver does not tell of a transaction, SQLite is asked", () => {
  const { database, prepared } = olderClient();
  const connection = new SqliteConnection(database);
  assert.equal(connection.inTransaction, false);
  // Nor is it in one because it was asked.
  assert.equal(connection.inTransaction, false);
  connection.begin();
  assert.equal(connection.inTransaction, true);
  connection.run("CREATE TABLE things (name TEXT)");
  connection.rollback();
  assert.equal(connection.inTransaction, false);
  assert.deepEqual(connection.all("SELECT name FROM sqlite_schema"), []);
  connection.rollback();
  // There is no timeout to do without meanwhile.
  assert.equal(prepared.includes("PRAGMA busy_timeout = 0"), false);
});

test("a statement is prepared once", () => {
  const { database, prepared } = olderClient();
  const connection = new SqliteConnection(database);
  for (const value of [1, 2]) {
    assert.equal(connection.get<any>("SELECT ? AS value", value).value, value);
  }
  assert.deepEqual(prepared, ["SELECT ? AS value"]);
});

test("a transaction whose client was closed in it ends with its own error", async () => {
  const problem = new Error("the work's own");
  const transact = async (end: () => Promise<void>) => {
    const client = new DatabaseSync(":memory:");
    const provider = createProvider({ client });
    await provider.transact((tx) => {
      tx.close();
      return end();
    });
  };
  await assert.rejects(transact(() => Promise.reject(problem)), problem);
  await assert.rejects(transact(() => Promise.resolve()), {
    code: "TRANSACTION_ENDED",
  });
});

test("a file is written to beside its readers, and its log stays small", async (t) => {
  const path = temporaryPath(t);
  const { writer, reader, close } = await openBoth(path);
  t.after(close);
  assert.deepEqual({ ...writer.get<object>("PRAGMA journal_mode") }, {
    journal_mode: "wal",
  });
  assert.deepEqual({ ...writer.get<object>("PRAGMA journal_size_limit") }, {
    journal_size_limit: 67_108_864,
  });
  writer.run("CREATE TABLE things (name TEXT)");
  assert.throws(
    () => reader.run("INSERT INTO things VALUES ('written by a reader')"),
    /readonly/,
  );
  assert.deepEqual(reader.all("SELECT name FROM things"), []);
});

async function openBoth(path: string) {
  const connections = await SqliteConnections.open({ path });
  const { writer, reader } = connections;
  return { writer, reader, close: () => connections.close() };
}

test("what was opened is closed, also where the file is no database", async (t) => {
  const open = countOpen(t);
  const path = temporaryPath(t);
  await migrate({ path, print: true });
  await migrate({ path });
  assert.equal(open.size, 0);
  const provider = createProvider({ path });
  await provider.getPosition("balances");
  assert.equal(open.size, 2);
  await provider.close();
  assert.equal(open.size, 0);

  const wrong = temporaryPath(t);
  writeFileSync(wrong, "this is no database, however long it may be".repeat(9));
  for (const print of [false, true]) {
    await assert.rejects(migrate({ path: wrong, print: print as false }), {
      code: "STORE_FAILED",
      message: `Cannot run migrate on ${wrong}: file is not a database`,
    });
  }
  await assert.rejects(createProvider({ path: wrong }).getPosition("model"));
  assert.equal(open.size, 0);
});

/** The databases that are open, of those that the library opens meanwhile. */
function countOpen(t: TestContext): Set<DatabaseSync> {
  const open = new Set<DatabaseSync>();
  class Counted extends DatabaseSync {
    constructor(...given: ConstructorParameters<typeof DatabaseSync>) {
      super(...given);
      open.add(this);
    }
    override close(): void {
      super.close();
      open.delete(this);
    }
  }
  const { getBuiltinModule } = process;
  t.after(() => void (process.getBuiltinModule = getBuiltinModule));
  process.getBuiltinModule =
    ((name: string) =>
      name === "node:sqlite"
        ? { DatabaseSync: Counted }
        : getBuiltinModule.call(process, name)) as typeof getBuiltinModule;
  return open;
}

test("a runtime that has no node:sqlite is told so, whatever else it lacks", () => {
  const own = Object.getOwnPropertyDescriptor(globalThis, "process")!;
  const { env } = process;
  for (const value of [undefined, { env }, { getBuiltinModule() {} }]) {
    Object.defineProperty(globalThis, "process", {
      ...{ value, configurable: true },
    });
    try {
      assert.throws(() => openDatabase(":memory:", false), {
        code: "RUNTIME_UNSUPPORTED",
      });
    } finally {
      Object.defineProperty(globalThis, "process", own);
    }
  }
});

test("what cannot be opened tells why, in the driver's own words", async (t) => {
  const path = `${temporaryPath(t)}-folder/log.db`;
  await assert.rejects(openProvider(t, { path }), (error: any) => {
    assert.equal(error.code, "STORE_FAILED");
    assert.match(error.cause.message, /unable to open database file/);
    return true;
  });
});
