import assert from "node:assert/strict";
import process from "node:process";
import { test, type TestContext } from "node:test";
import { toStoreEvent } from "./sqlite_rows.ts";

const read = (timestamp: string | number) =>
  toStoreEvent([1, 1, timestamp, '{"type":"Done"}', null], "a", "x").timestamp;

test("a time that SQLite wrote is UTC, wherever it is read", (t: TestContext) => {
  const own = process.env.TZ;
  t.after(() => {
    if (own === undefined) delete process.env.TZ;
    else process.env.TZ = own;
  });
  process.env.TZ = "America/New_York";
  assert.equal(new Date(2023, 0, 1).getTimezoneOffset(), 300);
  const times: [string | number, string][] = [
    ["2023-11-14 22:13:21", "2023-11-14T22:13:21.000Z"],
    ["2023-11-14 22:13:21.5", "2023-11-14T22:13:21.500Z"],
    ["2023-11-14 22:13:21.123", "2023-11-14T22:13:21.123Z"],
    // What says its zone, or is a number, says it all.
    ["2023-11-14T22:13:21.123Z", "2023-11-14T22:13:21.123Z"],
    ["2023-11-14 22:13:21+02:00", "2023-11-14T20:13:21.000Z"],
    [1700000000123, "2023-11-14T22:13:20.123Z"],
  ];
  for (const [timestamp, expected] of times) {
    assert.equal(read(timestamp).toISOString(), expected);
  }
});
