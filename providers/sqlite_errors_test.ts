import assert from "node:assert/strict";
import { test } from "node:test";
import { CommandError, StoreError } from "../core/errors.ts";
import { isBusy, toStoreError } from "./sqlite_errors.ts";

/** As `node:sqlite` throws it; in Deno some have a text only. */
function driverError(
  message: string,
  errcode?: number,
  code = "ERR_SQLITE_ERROR",
): Error {
  const codes = errcode === undefined ? { code } : { code, errcode };
  return Object.assign(new Error(message), codes);
}

test("what another connection holds is worth another try", () => {
  for (
    const error of [
      driverError("database is locked", 5),
      driverError("as WAL says it", 517), // SQLITE_BUSY_SNAPSHOT
      driverError("database table is locked", 262), // of a shared cache
      driverError("database is locked"),
      driverError("database table is locked: events"),
    ]
  ) assert.equal(isBusy(error), true, error.message);
  for (
    const error of [
      driverError("UNIQUE constraint failed", 2067),
      driverError("database is locked, says a trigger", 1811),
      driverError("database table is locked", 6), // by this connection
      driverError("no such table: events"),
      new Error("my file is locked"),
      "database is locked",
      undefined,
    ]
  ) assert.equal(isBusy(error), false, String(error));
});

test("an error of the driver is one of the library, with where and why", () => {
  const facts = { stream: "a", aggregateId: "x" };
  const cases: [Error, string][] = [
    [
      driverError("database is not open", undefined, "ERR_INVALID_STATE"),
      "STORE_CLOSED",
    ],
    [
      driverError(
        "statement has been finalized",
        undefined,
        "ERR_INVALID_STATE",
      ),
      "STORE_CLOSED",
    ],
    [driverError("database is not open"), "STORE_CLOSED"],
    [driverError("database connection is closed"), "STORE_CLOSED"],
    [driverError("any text", 13), "STORE_FULL"],
    [driverError("database or disk is full"), "STORE_FULL"],
    [driverError("no such table: events", 1), "NOT_MIGRATED"],
    [driverError("no such column: metadata", 1), "NOT_MIGRATED"],
    [
      driverError("table events has no column named metadata", 1),
      "NOT_MIGRATED",
    ],
    [driverError('near "no such table": syntax error', 1), "STORE_FAILED"],
    [driverError("disk I/O error", 10), "STORE_FAILED"],
  ];
  for (const [cause, code] of cases) {
    const error = toStoreError("append", cause, { path: "log.db", facts });
    assert(error instanceof StoreError);
    assert.equal(error.code, code, cause.message);
    assert.equal(error.cause, cause);
    assert.equal(error.stream, "a");
    assert.equal(error.aggregateId, "x");
    assert.match(error.message, /^Cannot run append/);
    const isOfFile = code === "NOT_MIGRATED" || code === "STORE_FAILED";
    assert.equal(error.message.includes("on log.db"), isOfFile);
  }
  const plain = toStoreError("append", driverError("disk I/O error", 10));
  assert.equal((plain as Error).message, "Cannot run append: disk I/O error");
});

test("what is no error of the database is passed on as it is", () => {
  const own = new StoreError("TRANSACTION_ENDED", "ended", {});
  for (
    const error of [
      own,
      new CommandError("no"),
      new TypeError("database is not open"),
      Object.assign(new Error("disk is full"), { code: "ENOSPC" }),
      "no such table",
      null,
      undefined,
    ]
  ) assert.equal(toStoreError("append", error), error);
});
