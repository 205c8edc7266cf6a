import assert from "node:assert/strict";
import { subscribe, unsubscribe } from "node:diagnostics_channel";
import { writeFileSync } from "node:fs";
import { DatabaseSync } from "node:sqlite";
import { test, type TestContext } from "node:test";
import { setImmediate } from "node:timers";
import { StoreError } from "../core/errors.ts";
import {
  appendTo,
  openProvider,
  sleep,
  temporaryPath,
} from "../tests/sqlite_database.ts";
import { APPEND_GROUPS, type AppendGroup } from "./append_groups.ts";
import { createProvider } from "./sqlite.ts";
import { SqliteConnection } from "./sqlite_connection.ts";
import { SqliteWriter } from "./sqlite_writer.ts";

/** How many appends were committed together, each time. */
function listenToGroups(t: TestContext): number[] {
  const groups: number[] = [];
  const listener = (message: unknown) => {
    const { system, appends } = message as AppendGroup;
    assert.equal(system, "sqlite");
    groups.push(appends);
  };
  subscribe(APPEND_GROUPS, listener);
  t.after(() => void unsubscribe(APPEND_GROUPS, listener));
  return groups;
}

/** A writer on a database in memory, and its client. */
function createWriter(): { writer: SqliteWriter; client: DatabaseSync } {
  const client = new DatabaseSync(":memory:");
  const connection = new SqliteConnection(client);
  return {
    writer: new SqliteWriter(() => Promise.resolve(connection)),
    client,
  };
}

const appendMany = (
  provider: Parameters<typeof appendTo>[0],
  name: string,
  count: number,
) =>
  Promise.all(
    Array.from({ length: count }, (_, at) => appendTo(provider, name + at, 1)),
  );

test("at most a hundred appends are committed together, and then the others", async (t) => {
  const provider = await openProvider(t, {
    client: new DatabaseSync(":memory:"),
  });
  const groups = listenToGroups(t);
  await appendMany(provider, "ada", 250);
  assert.deepEqual(groups, [100, 100, 50]);
});

test("what was called in one turn of the event loop is committed together", async (t) => {
  const provider = await openProvider(t, {
    client: new DatabaseSync(":memory:"),
  });
  const groups = listenToGroups(t);
  const first = appendTo(provider, "ada", 1);
  for (let step = 0; step < 100; step++) await undefined;
  await Promise.all([first, appendTo(provider, "bob", 1)]);
  assert.deepEqual(groups, [2]);
});

test("an append that is refused does not part those beside it", async (t) => {
  const provider = await openProvider(t, {
    client: new DatabaseSync(":memory:"),
  });
  const groups = listenToGroups(t);
  const commandId = "c1";
  const outcomes = await Promise.allSettled([
    appendTo(provider, "ada", 1, { commandId }),
    appendTo(provider, "ada", 1),
    appendTo(provider, "ada", 2, { commandId }),
    appendTo(provider, "ada", 2),
    // No append, and so not counted.
    provider.setPosition("model", 1),
  ]);
  assert.deepEqual(
    outcomes.map((one) => one.status === "fulfilled" || one.reason.code),
    [true, "VERSION_CONFLICT", "DUPLICATE_COMMAND", true, true],
  );
  assert.deepEqual(groups, [4]);
});

test("close() waits for all that was called before it", async (t) => {
  const path = temporaryPath(t);
  const provider = await openProvider(t, { path });
  const appended = appendMany(provider, "ada", 250);
  await provider.close();
  assert.equal((await appended).length, 250);
  const again = await openProvider(t, { path });
  assert.equal((await again.getEventsFrom("accounts", 0)).length, 250);
});

test("what comes while the lock is waited for joins, up to a hundred", async (t) => {
  const path = temporaryPath(t);
  const provider = await openProvider(t, { path });
  await appendTo(provider, "first", 1);
  const groups = listenToGroups(t);
  const other = new DatabaseSync(path);
  t.after(() => other.close());
  other.exec("BEGIN IMMEDIATE");
  const early = appendMany(provider, "ada", 60);
  await sleep(30);
  const late = appendMany(provider, "bob", 60);
  await sleep(30);
  other.exec("COMMIT");
  await Promise.all([early, late]);
  assert.deepEqual(groups, [100, 20]);
});

test("a write that fails alone is not tried again, and keeps its error", async () => {
  const { writer } = createWriter();
  for (const problem of [new Error("no"), new StoreError("READ_ONLY", "no")]) {
    let runs = 0;
    const written = writer.write("write", () => {
      runs++;
      throw problem;
    });
    await assert.rejects(written, (error) => error === problem);
    assert.equal(runs, 1);
  }
});

test("a refusal of all is one each, and what waits behind them is tried", async () => {
  const { writer, client } = createWriter();
  client.exec("BEGIN");
  const writes = Array.from(
    { length: 101 },
    () => writer.write("append", () => "stored"),
  );
  // Before the writer has its next turn.
  writes[0]!.catch(() => client.exec("COMMIT"));
  const outcomes = await Promise.allSettled(writes);
  const refused = outcomes.slice(0, 100).map((one) =>
    one.status === "rejected" ? one.reason : undefined
  );
  assert.deepEqual(
    [...new Set(refused.map((error) => error?.code))],
    ["TRANSACTION_FOREIGN"],
  );
  assert.equal(new Set(refused).size, 100);
  // What was asked once was refused once.
  assert.equal(new Set(refused.map((error) => error.cause)).size, 1);
  assert.equal(refused[0].cause.code, "TRANSACTION_FOREIGN");
  assert.deepEqual(outcomes[100], { status: "fulfilled", value: "stored" });
});

test("what the driver says to several at once is an error of the store for each", async (t) => {
  const path = temporaryPath(t);
  writeFileSync(path, "this is no database, however long it may be".repeat(9));
  const provider = createProvider({ path });
  const outcomes = await Promise.allSettled([
    appendTo(provider, "ada", 1),
    appendTo(provider, "bob", 1),
  ]);
  for (const [at, id] of ["ada", "bob"].entries()) {
    const { reason } = outcomes[at] as PromiseRejectedResult;
    assert.equal(reason.code, "STORE_FAILED");
    assert.equal(reason.aggregateId, id);
    assert.equal(reason.cause.code, "ERR_SQLITE_ERROR");
  }
});

/** Whether the event loop had a turn between two transactions. */
async function isPausedAfter(
  writer: SqliteWriter,
  work: () => Promise<unknown>,
): Promise<boolean> {
  let isPaused = false;
  await writer.transact(work);
  setImmediate(() => isPaused = true);
  return await writer.transact(() => Promise.resolve(isPaused));
}

test("the event loop is free in the pause after a long transaction, and a short one has none", async () => {
  const { writer } = createWriter();
  assert.equal(await isPausedAfter(writer, () => sleep(20)), true);
  const pauses: boolean[] = [];
  for (let round = 0; round < 20; round++) {
    await sleep(10);
    pauses.push(await isPausedAfter(writer, () => Promise.resolve()));
  }
  // On a busy machine any of them may have taken long.
  assert(pauses.includes(false));
});
