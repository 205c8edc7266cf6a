import assert from "node:assert/strict";
import { test } from "node:test";
import { StoreError } from "../../core/errors.ts";
import { toStoreEvent } from "./postgres_rows.ts";

const at = (...numbers: unknown[]) =>
  toStoreEvent([...numbers, '{"type":"A"}', null, "s", "a"]);

test("toStoreEvent() reads numbers, whatever the driver makes of them", () => {
  for (
    const numbers of [
      ["17", "3", "1795577802346"],
      [17, 3, 1795577802346],
      [17n, 3n, 1795577802346n],
    ]
  ) {
    assert.deepEqual(at(...numbers), {
      stream: "s",
      position: 17,
      version: 3,
      timestamp: new Date(1795577802346),
      event: { type: "A" },
      aggregateId: "a",
    });
  }
});

test("toStoreEvent() reads positions that no number can hold, and old times", () => {
  assert.equal(at("9007199254740991", "1", "0").position, 9007199254740991);
  assert.equal(at("9007199254740993", "1", "0").position, 9007199254740993n);
  assert.equal(
    at("9223372036854775807", "1", "0").position,
    9223372036854775807n,
  );
  assert.deepEqual(at("1", "1", "-86400001").timestamp, new Date(-86400001));
});

test("toStoreEvent() reads a row of evtstore 12 without version or time", () => {
  const stored = at("5", null, null);
  assert.equal(stored.version, 0);
  assert.deepEqual(stored.timestamp, new Date(0));
});

test("toStoreEvent() names the column that is not JSON", () => {
  for (
    const [row, column] of [["x", null, "event"], ["{}", "x", "metadata"]]
      .map(([event, metadata, column]) =>
        [["5", "1", "0", event, metadata, "s", "a"], column] as const
      )
  ) {
    assert.throws(() => toStoreEvent(row), (error) => {
      assert(error instanceof StoreError);
      assert.equal(error.code, "STORE_FAILED");
      assert.match(error.message, new RegExp(`position 5.*"${column}"`));
      return true;
    });
  }
});
