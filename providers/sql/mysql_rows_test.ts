import assert from "node:assert/strict";
import { test } from "node:test";
import {
  checkPosition,
  toPosition,
  toRecord,
  toStoreEvent,
  toTimestamp,
} from "./mysql_rows.ts";

const row = {
  ...{ position: "9007199254740991", version: 2, stream: "a" },
  ...{ aggregate_id: "x", timestamp: "2023-11-14T22:13:20.123Z" },
  ...{ event: '{"type":"Done"}', metadata: null },
};

test("a row is read whatever the driver makes of its numbers and times", () => {
  const expected = {
    ...{ stream: "a", aggregateId: "x", version: 2 },
    ...{ position: 9007199254740991, event: { type: "Done" } },
    timestamp: new Date(1700000000123),
  };
  assert.deepEqual(toStoreEvent(row), expected);
  for (
    const timestamp of [
      new Date(1700000000123),
      1700000000123,
      "1700000000123",
    ]
  ) assert.deepEqual(toStoreEvent({ ...row, timestamp }), expected);
  const metadata = '{"user":"Ada"}';
  assert.deepEqual(toStoreEvent({ ...row, metadata }), {
    ...expected,
    metadata: { user: "Ada" },
  });
});

test("a row that is not JSON is named, with its column", () => {
  for (const column of ["event", "metadata"]) {
    assert.throws(
      () => toStoreEvent({ ...row, [column]: "{" }),
      (error: any) => {
        assert.equal(error.code, "STORE_FAILED");
        assert.match(error.message, /position 9007199254740991/);
        assert.match(error.message, new RegExp(`column "${column}"`));
        assert.deepEqual([error.stream, error.aggregateId], ["a", "x"]);
        assert(error.cause instanceof SyntaxError);
        return true;
      },
    );
  }
});

test("a record has a time only if it is due", () => {
  const record = { kind: "k", key: "1", value: "[1]", revision: "3" };
  const expected = { kind: "k", key: "1", value: [1], revision: 3 };
  assert.deepEqual(toRecord({ ...record, due: null }), expected);
  assert.deepEqual(toRecord({ ...record, due: 0 }), { ...expected, due: 0 });
});

test("a time is written as the column holds it", () => {
  const time = new Date(1700000000123);
  assert.equal(toTimestamp(time, "utc"), "2023-11-14 22:13:20.123");
  assert.deepEqual(toTimestamp(time, "client"), time);
});

test("a position is a whole number, also as text or as a bigint", () => {
  for (const value of [5, "5", 5n]) {
    assert.equal(checkPosition("position", value), 5);
    assert.equal(toPosition(value), 5);
  }
  assert.equal(toPosition(null), 0);
  const wrong = ["", "5a", "-5", " 5", "1".repeat(17), 0.5, NaN, null, {}];
  for (const value of [...wrong, 2n ** 60n, 2 ** 53]) {
    assert.throws(() => checkPosition("from", value), {
      ...{ code: "INVALID_INPUT", field: "from" },
    });
  }
});
