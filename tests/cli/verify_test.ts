import { createHandler } from "evtstore";
import assert from "node:assert/strict";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { test, type TestContext } from "node:test";
import { fill, openSqlite, openWorkspace } from "./support.ts";

/** The log has 72 events; "accounts-0" has versions 1 to 7. */
const OTHER = "stream = 'users é' AND aggregate_id = 'users é-2'";
const AGGREGATE = "stream = 'accounts' AND aggregate_id = 'accounts-0'";

const damages: { damage: string; sql: string; found: [string, RegExp][] }[] = [
  {
    damage: "an event in the middle of an aggregate was deleted",
    sql: `DELETE FROM events WHERE ${AGGREGATE} AND version = 4`,
    found: [[
      "VERSION_MISSING",
      /version 5 of "accounts-0".*version 4 is missing/,
    ]],
  },
  {
    damage: "the first events of an aggregate were deleted",
    sql: `DELETE FROM events WHERE ${AGGREGATE} AND version < 3`,
    found: [["VERSION_MISSING", /version 3 of .*versions 1 to 2 are missing/]],
  },
  {
    damage: "a version stands there twice",
    sql: `DROP INDEX events_stream_aggregate_id_version_unique;
      INSERT INTO events (stream, aggregate_id, version, timestamp, event)
      SELECT stream, aggregate_id, version, timestamp, event FROM events
      WHERE ${AGGREGATE} AND version = 7`,
    found: [["VERSION_REPEATED", /position 73 .*the same version/]],
  },
  {
    damage: "two versions have changed places",
    sql: `UPDATE events SET version = 100 WHERE ${AGGREGATE} AND version = 5;
      UPDATE events SET version = 5 WHERE ${AGGREGATE} AND version = 6;
      UPDATE events SET version = 6 WHERE ${AGGREGATE} AND version = 100`,
    found: [
      ["VERSION_MISSING", /version 5 is missing/],
      ["VERSION_DISORDERED", /version 5 of .*it comes after version 6/],
    ],
  },
  {
    damage: "the text of an event is no JSON",
    sql: `UPDATE events SET event = '{"type":' WHERE position = 40`,
    found: [
      ["UNREADABLE", /event at position 40: it is not JSON/],
      ["VERSION_MISSING", /is missing/],
    ],
  },
  {
    damage: "the metadata of an event are no JSON",
    sql: `UPDATE events SET metadata = 'x' WHERE ${OTHER} AND version = 7`,
    found: [["UNREADABLE", /it is not JSON/]],
  },
  {
    damage: "an event is no object with a type",
    sql: `UPDATE events SET event = '[1]' WHERE position = 40;
      UPDATE events SET event = 'null' WHERE position = 41`,
    found: [["NO_TYPE", /position 40 /], ["NO_TYPE", /position 41 /]],
  },
  {
    damage: "a timestamp is none",
    sql: `UPDATE events SET timestamp = 'yesterday' WHERE position = 40`,
    found: [["NO_TIME", /position 40 /]],
  },
  {
    damage: "an event has lost its aggregate",
    sql: `UPDATE events SET aggregate_id = '' WHERE ${OTHER} AND version = 7`,
    found: [["NO_NAME", /no aggregate/], [
      "VERSION_MISSING",
      /versions 1 to 6/,
    ]],
  },
  {
    damage: "a command is stored twice in an aggregate",
    sql: `DROP INDEX events_stream_aggregate_id_command_id_unique;
      UPDATE events SET command_id = 'c0' WHERE ${AGGREGATE} AND version = 5`,
    found: [["COMMAND_REPEATED", /version 5 of "accounts-0".*"c0"/]],
  },
  {
    damage: "a bookmark stands behind the end of the log",
    sql: `UPDATE bookmarks SET position = 5000 WHERE bookmark = 'board'`,
    found: [[
      "BOOKMARK_BEYOND_END",
      /"board" stands at 5000, behind the end of the log at 72/,
    ]],
  },
  {
    damage: "a bookmark is no position",
    sql: `UPDATE bookmarks SET position = 'far' WHERE bookmark = 'board'`,
    found: [["BOOKMARK_INVALID", /"board" stands at far/]],
  },
  {
    damage: "a bookmark is below zero",
    sql: `UPDATE bookmarks SET position = -1 WHERE bookmark = 'board'`,
    found: [["BOOKMARK_INVALID", /"board" stands at -1/]],
  },
  {
    damage: "a record is no JSON",
    sql: `UPDATE events_records SET value = '{' WHERE kind = 'evtstore.parked'`,
    found: [["RECORD_UNREADABLE", /kind "evtstore.parked"/]],
  },
  {
    damage: "the events behind a parked one were deleted",
    sql: `DELETE FROM events WHERE ${AGGREGATE} AND version > 2`,
    found: [[
      "PARKED_BEYOND_END",
      /"board" has parked version 7 of "accounts-0".*last one is 2/,
    ]],
  },
  {
    damage: "a snapshot is of a version that was deleted",
    sql:
      `DELETE FROM events WHERE stream = 'orders' AND aggregate_id = 'orders-10' AND version > 3`,
    found: [[
      "SNAPSHOT_BEYOND_END",
      /snapshot has version 6 of "orders-10".*last one is 3/,
    ]],
  },
];

/** A store with a bookmark, something parked, and a snapshot. */
async function makeStore(path: string): Promise<void> {
  const { provider, close } = await openSqlite(path);
  await fill(provider);
  await provider.records.put("evtstore.snapshot", "orders-10", {
    stream: "orders",
    aggregateId: "orders-10",
    snapshots: [{ version: "1", at: 6, position: 58, state: "{}" }],
  }, { revision: 0 });
  const handler = createHandler<{ accounts: { type: "Opened" } }>({
    bookmark: "board",
    streams: ["accounts"],
    provider,
    onFailure: "park",
    retry: { times: 0 },
  });
  handler.handle("accounts", "Opened", (id) => {
    if (id === "accounts-0") throw new Error("cannot");
  });
  await handler.runOnce();
  await close();
}

async function setUp(t: TestContext) {
  const workspace = openWorkspace(t);
  const path = join(workspace.folder, "store.db");
  await makeStore(path);
  const verify = async () => {
    const { code, out, err } = await workspace.run([
      "verify",
      "--store",
      "store.db",
      "--json",
    ]);
    const lines = out.map((line) => JSON.parse(line));
    return { code, err, damages: lines.slice(0, -1), counts: lines.at(-1) };
  };
  return { path, verify };
}

test("verify finds nothing in a store that is well", async (t) => {
  const { verify } = await setUp(t);
  assert.deepEqual(await verify(), {
    code: 0,
    err: [],
    damages: [],
    counts: {
      streams: 3,
      aggregates: 12,
      events: 72,
      bookmarks: 1,
      damages: 0,
    },
  });
});

for (const { damage, sql, found } of damages) {
  test(`verify finds that ${damage}, and nothing else`, async (t) => {
    const { path, verify } = await setUp(t);
    const database = new DatabaseSync(path);
    database.exec(sql);
    database.close();
    const { code, damages } = await verify();
    const isExpected = damages.length === found.length &&
      found.every(([code, message], index) =>
        damages[index].code === code && message.test(damages[index].message)
      );
    assert(isExpected, JSON.stringify(damages, undefined, 1));
    assert.equal(code, 1);
  });
}

test("verify finds every one of many events that cannot be read", async (t) => {
  const { path, verify } = await setUp(t);
  const database = new DatabaseSync(path);
  database.exec("UPDATE events SET event = '{' WHERE position % 7 = 0");
  database.exec("DELETE FROM events WHERE position IN (29, 30, 31)");
  database.close();
  const { damages, counts } = await verify();
  const unreadable = damages.filter(({ code }) => code === "UNREADABLE");
  assert.deepEqual(
    unreadable.map(({ message }) => Number(/position (\d+)/.exec(message)![1])),
    [7, 14, 21, 28, 35, 42, 49, 56, 63, 70],
  );
  assert.equal(counts.events, 72 - 10 - 3);
});
