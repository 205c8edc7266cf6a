import assert from "node:assert/strict";
import { DatabaseSync } from "node:sqlite";
import { test } from "node:test";
import {
  appendTo,
  openProvider,
  temporaryPath,
} from "../tests/sqlite_database.ts";
import { createStatements } from "./sql/sqlite.ts";
import { createProvider } from "./sqlite.ts";

test("getEventsFrom() merges more streams than one statement can take", async (t) => {
  const client = new DatabaseSync(":memory:");
  const provider = await openProvider(t, { client });
  const streams = Array.from({ length: 900 }, (_, index) => `stream ${index}`);
  // Their order in the log is not that of their names.
  const appended = streams.map((_, index) => streams[index * 7 % 900]!);
  for (const stream of appended) await appendTo(provider, "ada", 1, { stream });
  const page = await provider.getEventsFrom(streams, 10, 100);
  assert.deepEqual(
    page.map((stored) => stored.stream),
    appended.slice(10, 110),
  );
  const rest = await provider.getEventsFrom(streams, 850, 100);
  assert.equal(rest.length, 50);
  assert.equal(rest.scannedTo, 900);
  // As many as two statements take, and without any limit.
  const unlimited = createProvider({ client, limit: Infinity });
  const inTwo = await unlimited.getEventsFrom(streams.slice(0, 800), 0);
  assert.deepEqual(
    inTwo.map((stored) => stored.stream),
    appended.filter((stream) => streams.indexOf(stream) < 800),
  );
});

test("a page that may have no events tells nothing of where they are", async (t) => {
  const client = new DatabaseSync(":memory:");
  const provider = await openProvider(t, { client });
  await appendTo(provider, "ada", 1);
  const page = await provider.getEventsFrom("accounts", 0, 0);
  assert.deepEqual([page.length, page.scannedTo], [0, undefined]);
});

test("an append of no events stores nothing, and asks for nothing", async (t) => {
  const provider = createProvider({ path: temporaryPath(t) });
  t.after(() => provider.close());
  // There are no tables.
  assert.deepEqual(await provider.append("accounts", "ada", 7, []), []);
});

test("a refusal says which append it was", async (t) => {
  const client = new DatabaseSync(":memory:");
  const provider = await openProvider(t, { client });
  const commandId = "c1";
  await appendTo(provider, "ada", 1, { count: 2, commandId });
  const aggregate = { stream: "accounts", aggregateId: "ada" };
  await assert.rejects(appendTo(provider, "ada", 2), {
    name: "VersionError",
    ...aggregate,
    expectedVersion: 1,
    actualVersion: 2,
  });
  await assert.rejects(appendTo(provider, "ada", 3, { commandId }), {
    name: "DuplicateCommandError",
    ...aggregate,
    commandId,
  });
});

test("streams and bookmarks are in the order of their bytes, whatever the database's", async (t) => {
  const client = new DatabaseSync(":memory:");
  client.exec("PRAGMA encoding = 'UTF-16le'");
  const provider = await openProvider(t, { client });
  const names = ["a", "b", "\u0100", "\uffee", "\u{1f600}"];
  for (const name of names.toReversed()) {
    await appendTo(provider, "ada", 1, { stream: name });
    assert.equal(await provider.setPosition(name, 1), undefined);
  }
  assert.deepEqual(await provider.catalog.streams(), names);
  assert.deepEqual(
    await provider.catalog.bookmarks(),
    names.map((bookmark) => ({ bookmark, position: 1 })),
  );
});

test("every read enters an index and sorts nothing", async (t) => {
  const client = new DatabaseSync(":memory:");
  await openProvider(t, { client });
  // All bookmarks are asked for.
  const { selectBookmarks: _, ...statements } = createStatements({
    events: "events",
    bookmarks: "bookmarks",
    records: "events_records",
  });
  const reads = {
    ...statements,
    selectEventsFrom: statements.selectEventsFrom(3),
    selectEventsFromOne: statements.selectEventsFrom(1),
  };
  for (const [name, sql] of Object.entries(reads)) {
    const plan = client.prepare(`EXPLAIN QUERY PLAN ${sql}`).all()
      .map((row) => String(row.detail)).join("\n");
    // The names that were found so far are no table.
    assert.doesNotMatch(
      plan,
      /\bSCAN (?!names\b|CONSTANT)|TEMP B-TREE/,
      `${name}: ${plan}`,
    );
  }
  const plan = (sql: string) =>
    client.prepare(`EXPLAIN QUERY PLAN ${sql}`).all().map((row) => row.detail);
  assert.deepEqual(
    plan(reads.selectEventsFrom).filter((line) => /SEARCH/.test(String(line))),
    Array(3).fill(
      "SEARCH events USING INDEX events_stream_position (stream=? AND position>? AND position<?)",
    ),
  );
  assert.deepEqual(
    plan(reads.selectStreams).filter((line) => /events/.test(String(line))),
    [
      "SEARCH events USING COVERING INDEX events_stream_position",
      "SEARCH events USING COVERING INDEX events_stream_position (stream>?)",
    ],
  );
  assert.equal(
    plan(reads.selectEventsForAfter)[0],
    "SEARCH events USING INDEX events_stream_aggregate_id_version_unique (stream=? AND aggregate_id=? AND version>?)",
  );
});

test("a row that is not JSON is named", async (t) => {
  const client = new DatabaseSync(":memory:");
  const provider = await openProvider(t, { client });
  await appendTo(provider, "ada", 1);
  client.exec("UPDATE events SET event = 'oops'");
  await assert.rejects(provider.getEventsFrom("accounts", 0), {
    name: "StoreError",
    code: "STORE_FAILED",
    message:
      "Cannot read the event at position 1: it is not JSON; repair the row",
    aggregateId: "ada",
  });
});
