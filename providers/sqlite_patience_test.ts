import assert from "node:assert/strict";
import { DatabaseSync } from "node:sqlite";
import { test } from "node:test";
import {
  appendTo,
  createGate,
  openProvider,
  sleep,
  temporaryPath,
} from "../tests/sqlite_database.ts";
import { SqliteConnection } from "./sqlite_connection.ts";
import { patiently } from "./sqlite_errors.ts";
import { SqliteWriter } from "./sqlite_writer.ts";

test("patiently() gives up after ten seconds", async () => {
  let now = 0;
  const busy = Object.assign(new Error("database is locked"), { errcode: 517 });
  const clock = {
    monotonic: () => now,
    now: () => now,
    random: () => 0.5,
    sleep: (ms: number) => {
      now += ms;
      return Promise.resolve();
    },
  };
  let tries = 0;
  await assert.rejects(
    patiently("append", () => {
      tries++;
      throw busy;
    }, clock),
    {
      name: "StoreError",
      code: "STORE_BUSY",
      message:
        "Cannot run append: another process has kept the database locked for 10000 ms; look for a transaction that waits for something else",
      cause: busy,
    },
  );
  assert.equal(now, 10_000);
  assert.equal(tries, 4001);
});

test("patiently() passes on what is not a lock", async () => {
  const problem = Object.assign(new Error("database is locked up"), {
    errcode: 11,
  });
  await assert.rejects(
    patiently("append", () => {
      throw problem;
    }),
    problem,
  );
});

test("writes that wait in vain are refused, each by an error of its own", async () => {
  const connection = new SqliteConnection(new DatabaseSync(":memory:"));
  const writer = new SqliteWriter(() => Promise.resolve(connection), 20);
  const mayEnd = createGate();
  const transaction = writer.transact(() => mayEnd.opened);
  const outcomes = await Promise.allSettled([
    writer.write("append", () => "stored"),
    writer.write("setPosition", () => "stored"),
  ]);
  const errors = outcomes.map((one) =>
    one.status === "rejected" ? one.reason : undefined
  );
  assert.deepEqual(errors.map((error) => error?.code), [
    "STORE_BUSY",
    "STORE_BUSY",
  ]);
  assert.notEqual(errors[0], errors[1]);
  mayEnd.open();
  await transaction;
  assert.equal(await writer.write("append", () => "stored"), "stored");
});

test("the event loop is free while another process holds the lock", async (t) => {
  const path = temporaryPath(t);
  const client = new DatabaseSync(path, { timeout: 5000 });
  t.after(() => client.close());
  const provider = await openProvider(t, { client });
  const other = new DatabaseSync(path);
  t.after(() => other.close());
  other.exec("BEGIN IMMEDIATE");
  let longest = 0;
  let last = performance.now();
  const timer = setInterval(() => {
    longest = Math.max(longest, performance.now() - last);
    last = performance.now();
  }, 1);
  const writes = [
    appendTo(provider, "ada", 1),
    provider.transact((tx) => appendTo(provider, "bob", 1, { tx })),
  ];
  await sleep(200);
  assert.equal((await provider.getEventsFrom("accounts", 0)).length, 0);
  other.exec("COMMIT");
  await Promise.all(writes);
  clearInterval(timer);
  // Whoever waits inside SQLite blocks it for the 5 seconds of the client.
  assert.ok(
    longest < 2500,
    `Expected a free event loop: ${longest} ms blocked`,
  );
  // The client's own setting is as it was.
  const { timeout } = client.prepare("PRAGMA busy_timeout").get()!;
  assert.equal(timeout, 5000);
});

test("transact() leaves other processes a pause after a long transaction", async (t) => {
  const provider = await openProvider(t, { path: temporaryPath(t) });
  const spans: [number, number][] = [];
  const transact = (ms: number) =>
    provider.transact(async () => {
      const start = performance.now();
      await sleep(ms);
      spans.push([start, performance.now()]);
    });
  await Promise.all([transact(30), transact(30), transact(30)]);
  const pauses = spans.slice(1).map(([start], index) =>
    start - spans[index]![1]
  );
  assert.equal(pauses.length, 2);
  for (const pause of pauses) assert.ok(pause >= 7.5, `paused ${pause} ms`);
});

test("an append does not wait for the pause between transactions", async (t) => {
  const provider = await openProvider(t, { path: temporaryPath(t) });
  const log: string[] = [];
  const transact = (name: string) =>
    provider.transact(async () => {
      await sleep(30);
      log.push(name);
    });
  const first = transact("first");
  const second = transact("second");
  await first;
  await appendTo(provider, "ada", 1);
  log.push("append");
  await second;
  assert.deepEqual(log, ["first", "append", "second"]);
});
