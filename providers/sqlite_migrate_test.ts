import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { DatabaseSync } from "node:sqlite";
import { test } from "node:test";
import {
  appendTo,
  hasCode,
  openProvider,
  temporaryPath,
} from "../tests/sqlite_database.ts";
import { createProvider, migrate } from "./sqlite.ts";

/** What evtstore 12 made by knex 3 on SQLite, frozen. */
const EVTSTORE_12 = [
  "create table `events` (`position` integer not null primary key autoincrement, `version` integer, `stream` varchar(255), `aggregate_id` varchar(255), `timestamp` datetime, `event` text)",
  "create unique index `events_stream_position_unique` on `events` (`stream`, `position`)",
  "create unique index `events_stream_aggregate_id_version_unique` on `events` (`stream`, `aggregate_id`, `version`)",
  "create table `bookmarks` (`bookmark` varchar(255), `position` bigint, primary key (`bookmark`))",
  "insert into `events` (`aggregate_id`, `event`, `stream`, `timestamp`, `version`) values ('ada', '{\"type\":\"Opened\"}', 'accounts', 1700000000123, 1), ('bob', '{\"type\":\"Opened\"}', 'accounts', '2023-11-14T22:13:20.500Z', 1)",
  "insert into `events` (`aggregate_id`, `event`, `stream`, `timestamp`, `version`) values ('ada', '{\"type\":\"Closed\"}', 'accounts', '2023-11-14 22:13:21', 2)",
  "insert into `bookmarks` (`bookmark`, `position`) values ('balances', 2)",
];

test("migrate({ print: true }) returns the statements and changes nothing", async () => {
  const client = new DatabaseSync(":memory:");
  const options = { client, events: "log", bookmarks: "marks" } as const;
  const statements = await migrate({ ...options, print: true });
  assert.deepEqual(statements, [
    `CREATE TABLE IF NOT EXISTS "log" (
  position INTEGER PRIMARY KEY AUTOINCREMENT,
  stream TEXT NOT NULL,
  aggregate_id TEXT NOT NULL,
  version INTEGER NOT NULL,
  timestamp TEXT NOT NULL,
  event TEXT NOT NULL,
  metadata TEXT,
  command_id TEXT
)`,
    `CREATE UNIQUE INDEX IF NOT EXISTS "log_stream_aggregate_id_version_unique"
ON "log" (stream, aggregate_id, version)`,
    `CREATE INDEX IF NOT EXISTS "log_stream_position"
ON "log" (stream, position)`,
    `CREATE UNIQUE INDEX IF NOT EXISTS "log_stream_aggregate_id_command_id_unique"
ON "log" (stream, aggregate_id, command_id)
WHERE command_id IS NOT NULL`,
    `CREATE TABLE IF NOT EXISTS "marks" (
  bookmark TEXT PRIMARY KEY NOT NULL,
  position INTEGER NOT NULL
)`,
    `CREATE TABLE IF NOT EXISTS "log_records" (
  kind TEXT NOT NULL,
  key TEXT NOT NULL,
  value TEXT NOT NULL,
  revision INTEGER NOT NULL,
  due INTEGER,
  PRIMARY KEY (kind, key)
)`,
    `CREATE INDEX IF NOT EXISTS "log_records_due"
ON "log_records" (kind, due, key)
WHERE due IS NOT NULL`,
  ]);
  assert.deepEqual(tablesIn(client), []);

  // Whoever runs them has migrated.
  for (const statement of statements) client.exec(statement);
  assert.deepEqual(await migrate({ ...options, print: true }), []);
});

test("migrate({ print: true }) does not make the file", async (t) => {
  const path = temporaryPath(t);
  const [first] = await migrate({ path, print: true });
  assert.equal(first, "PRAGMA journal_mode = WAL");
  assert.equal(existsSync(path), false);
});

test("migrate({ print: true }) tells what the file of a client needs too", async (t) => {
  const client = new DatabaseSync(temporaryPath(t));
  t.after(() => client.close());
  const [first] = await migrate({ client, print: true });
  assert.equal(first, "PRAGMA journal_mode = WAL");
  await migrate({ client });
  assert.deepEqual(await migrate({ client, print: true }), []);
});

test("migrate() twice, and at once in several connections, is once", async (t) => {
  const path = temporaryPath(t);
  await Promise.all([migrate({ path }), migrate({ path }), migrate({ path })]);
  const provider = await openProvider(t, { path });
  await appendTo(provider, "ada", 1);
  await migrate({ path });
  assert.equal((await provider.getEventsFrom("accounts", 0)).length, 1);
  assert.deepEqual(await migrate({ path, print: true }), []);
});

test("migrate() keeps the events and bookmarks of evtstore 12", async (t) => {
  const path = temporaryPath(t);
  const knex = new DatabaseSync(path);
  for (const statement of EVTSTORE_12) knex.exec(statement);
  assert.deepEqual(await migrate({ path, print: true }), [
    "PRAGMA journal_mode = WAL",
    'ALTER TABLE "events" ADD COLUMN metadata TEXT',
    'ALTER TABLE "events" ADD COLUMN command_id TEXT',
    `CREATE UNIQUE INDEX IF NOT EXISTS "events_stream_aggregate_id_command_id_unique"
ON "events" (stream, aggregate_id, command_id)
WHERE command_id IS NOT NULL`,
    `CREATE TABLE IF NOT EXISTS "events_records" (
  kind TEXT NOT NULL,
  key TEXT NOT NULL,
  value TEXT NOT NULL,
  revision INTEGER NOT NULL,
  due INTEGER,
  PRIMARY KEY (kind, key)
)`,
    `CREATE INDEX IF NOT EXISTS "events_records_due"
ON "events_records" (kind, due, key)
WHERE due IS NOT NULL`,
  ]);

  const provider = await openProvider(t, { path });
  assert.deepEqual(await migrate({ path, print: true }), []);
  const old = (aggregateId: string, version: number, date: string) => ({
    stream: "accounts",
    aggregateId,
    version,
    timestamp: new Date(date),
  });
  assert.deepEqual([...await provider.getEventsFrom("accounts", 0)], [
    {
      ...old("ada", 1, "2023-11-14T22:13:20.123Z"),
      position: 1,
      event: { type: "Opened" },
    },
    {
      ...old("bob", 1, "2023-11-14T22:13:20.500Z"),
      position: 2,
      event: { type: "Opened" },
    },
    {
      ...old("ada", 2, "2023-11-14T22:13:21.000Z"),
      position: 3,
      event: { type: "Closed" },
    },
  ]);
  assert.equal(await provider.getPosition("balances"), 2);
  assert.equal(await provider.setPosition("balances", 3, { from: 2 }), true);
  await appendTo(provider, "ada", 3, { commandId: "c1" });

  // An old version that is still running goes on writing and reading.
  knex.exec(EVTSTORE_12.at(-2)!.replace("2)", "4)"));
  assert.deepEqual(
    (await provider.getEventsFor("accounts", "ada")).map((one) => one.version),
    [1, 2, 3, 4],
  );
  knex.close();
});

test("migrate() refuses a table that is no log of events", async () => {
  const client = new DatabaseSync(":memory:");
  client.exec("CREATE TABLE events (id INTEGER PRIMARY KEY, version INTEGER)");
  await assert.rejects(migrate({ client }), {
    name: "StoreError",
    code: "STORE_FAILED",
    message:
      'Cannot migrate table "events": it exists without position, stream, aggregate_id, timestamp, event, so it belongs to something else; choose another name',
  });
  assert.deepEqual(tablesIn(client), ["events"]);
});

test("migrate() refuses tables of its names that are no bookmarks and records", async () => {
  const tables = [
    ["bookmarks", "(bookmark TEXT)", "position"],
    ["records", "(kind TEXT, key TEXT, value TEXT)", "revision, due"],
  ];
  for (const [table, columns, missing] of tables) {
    const client = new DatabaseSync(":memory:");
    client.exec(`CREATE TABLE ${table} ${columns}`);
    await assert.rejects(migrate({ client, [table!]: table! }), {
      code: "STORE_FAILED",
      message:
        `Cannot migrate table "${table}": it exists without ${missing}, so it belongs to something else; choose another name`,
    });
    assert.deepEqual(tablesIn(client), [table]);
  }
});

test("migrate() takes no index for another: of these columns, of all rows, unique", async () => {
  const drop = "DROP INDEX events_stream_aggregate_id_version_unique";
  const columns = "stream, aggregate_id, version";
  const others = [
    "CREATE UNIQUE INDEX other ON events (stream, version)",
    `CREATE INDEX other ON events (${columns})`,
    `CREATE UNIQUE INDEX other ON events (${columns}) WHERE version > 1`,
    "CREATE UNIQUE INDEX other ON events (aggregate_id, position)",
    "CREATE INDEX other ON events (stream, position) WHERE version > 1",
  ];
  for (const other of others) {
    const client = new DatabaseSync(":memory:");
    await migrate({ client });
    client.exec(drop);
    client.exec("DROP INDEX events_stream_position");
    client.exec(other);
    const statements = (await migrate({ client, print: true })).join("\n");
    assert.match(
      statements,
      /events_stream_aggregate_id_version_unique/,
      other,
    );
    assert.match(statements, /events_stream_position/, other);
    await migrate({ client });
    assert.deepEqual(await migrate({ client, print: true }), []);
  }
});

test("migrate() refuses positions that could be given twice", async () => {
  const table = EVTSTORE_12[0]!;
  const key = "`position` integer not null primary key autoincrement";
  const tables = [
    table.replace(" autoincrement", ""),
    table.replace(
      key,
      "`id` integer primary key autoincrement, `position` integer",
    ),
    // The database's own tables do not tell of it.
    table.replace("create table", "create temporary table"),
  ];
  for (const other of tables) {
    const client = new DatabaseSync(":memory:");
    client.exec(other);
    await assert.rejects(migrate({ client }), {
      code: "STORE_FAILED",
      message: /its position is not INTEGER PRIMARY KEY AUTOINCREMENT/,
    });
  }
});

test("migrate() adds the index of records that is missing, beside any other", async () => {
  const client = new DatabaseSync(":memory:");
  await migrate({ client });
  client.exec("DROP INDEX events_records_due");
  client.exec("CREATE INDEX other ON events_records (lower(key))");
  assert.deepEqual(await migrate({ client, print: true }), [
    `CREATE INDEX IF NOT EXISTS "events_records_due"
ON "events_records" (kind, due, key)
WHERE due IS NOT NULL`,
  ]);
  await migrate({ client });
  assert.deepEqual(await migrate({ client, print: true }), []);
});

test("migrate() says if the name of an index is taken", async () => {
  const client = new DatabaseSync(":memory:");
  client.exec("CREATE TABLE other (x)");
  client.exec("CREATE INDEX events_stream_position ON other (x)");
  await assert.rejects(migrate({ client }), {
    code: "STORE_FAILED",
    message:
      /its name is taken by something else in the database: CREATE INDEX IF NOT EXISTS "events_stream_position"/,
  });
  assert.deepEqual(tablesIn(client), ["other"]);
});

test("migrate() inside a transaction of the client is refused", async () => {
  const client = new DatabaseSync(":memory:");
  client.exec("BEGIN");
  await assert.rejects(migrate({ client }), {
    code: "TRANSACTION_FOREIGN",
    message: /^Cannot run migrate: /,
  });
});

test("createProvider() before migrate() is NOT_MIGRATED, also on tables of evtstore 12", async (t) => {
  const path = temporaryPath(t);
  const knex = new DatabaseSync(path);
  const provider = createProvider({ path });
  t.after(() => provider.close());
  const calls = [
    () => appendTo(provider, "eve", 1),
    () => provider.getEventsFrom("accounts", 0),
    () => provider.setPosition("balances", 1),
    () => provider.getPosition("balances"),
    () => provider.records.get("kind", "key"),
  ];
  for (const call of calls) {
    await assert.rejects(call, {
      name: "StoreError",
      code: "NOT_MIGRATED",
      message: /run migrate\(\) of this provider first/,
    });
  }
  for (const statement of EVTSTORE_12) knex.exec(statement);
  for (const call of calls.slice(0, 2)) {
    await assert.rejects(call, hasCode("NOT_MIGRATED"));
  }
  knex.close();
});

function tablesIn(client: DatabaseSync): unknown[] {
  return client
    .prepare("SELECT name FROM sqlite_schema WHERE type = 'table'")
    .all()
    .map((row) => row.name);
}
