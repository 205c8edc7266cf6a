import assert from "node:assert/strict";
import { test } from "node:test";
import { CommandError, StoreError } from "../../core/errors.ts";
import { comesOfConflict, toStoreError } from "./mysql_errors.ts";
import { RolledBackError } from "./mysql_executor.ts";

/** As mysql2 gives what the server refused. */
function serverError(errno: number, message = "refused", code = "ER_SOME") {
  return Object.assign(new Error(message), {
    ...{ errno, code, sqlState: "HY000", sqlMessage: message },
  });
}

const driverError = (code: string, message = "no answer") =>
  Object.assign(new Error(message), { code });

const attempt = {
  what: "append",
  facts: { stream: "a", aggregateId: "x" },
  mayBeCommitted: true,
};

test("an error of the server, or of the way to it, has a code to act on", () => {
  const cases: [Error, string][] = [
    [serverError(1146), "NOT_MIGRATED"],
    [serverError(1213), "TRANSACTION_CONFLICT"],
    [serverError(1205), "LOCK_TIMEOUT"],
    [serverError(1114), "STORE_FULL"],
    [serverError(1030, "Got error 28 from storage engine"), "STORE_FULL"],
    [serverError(1030, "Got error 122 from storage engine"), "STORE_FULL"],
    [serverError(1030, "Got error 280 from storage engine"), "STORE_FAILED"],
    [serverError(1290, "running with the --read-only option"), "READ_ONLY"],
    [serverError(1290, "running with --skip-grant-tables"), "STORE_FAILED"],
    [serverError(1836), "READ_ONLY"],
    [serverError(1040), "STORE_BUSY"],
    [serverError(3024), "STORE_BUSY"],
    [serverError(1153), "INVALID_INPUT"],
    [serverError(1366, "Incorrect string value"), "INVALID_INPUT"],
    [serverError(1366, "Incorrect integer value"), "STORE_FAILED"],
    [serverError(1142), "STORE_FAILED"],
    [serverError(9999), "STORE_FAILED"],
    [new Error("Unable to acquire a connection"), "STORE_CLOSED"],
    [new Error("Timeout acquiring a connection"), "STORE_BUSY"],
    [driverError("ECONNREFUSED"), "CONNECTION_LOST"],
    [driverError("PROTOCOL_CONNECTION_LOST"), "OUTCOME_UNKNOWN"],
  ];
  for (const [cause, code] of cases) {
    const error = toStoreError(cause, attempt);
    assert(error instanceof StoreError, cause.message);
    assert.equal(error.code, code, cause.message);
    assert.equal(error.cause, cause);
    assert.deepEqual([error.stream, error.aggregateId], ["a", "x"]);
    assert.match(error.message, /^Cannot run append: /);
  }
});

test("a connection that is lost before anything could be stored has stored nothing", () => {
  const cause = driverError("PROTOCOL_CONNECTION_LOST");
  const error = toStoreError(cause, { ...attempt, mayBeCommitted: false });
  assert.equal((error as StoreError).code, "CONNECTION_LOST");
});

test("a transaction that was rolled back says what for, if it is known", () => {
  const codeOf = (error: unknown) => (error as StoreError).code;
  const known = new RolledBackError(serverError(1213));
  assert.equal(codeOf(toStoreError(known, attempt)), "TRANSACTION_CONFLICT");
  const lost = new RolledBackError(driverError("PROTOCOL_CONNECTION_LOST"));
  assert.equal(codeOf(toStoreError(lost, attempt)), "CONNECTION_LOST");
  const unknown = new RolledBackError(undefined);
  assert.equal(codeOf(toStoreError(unknown, attempt)), "TRANSACTION_ENDED");
  const guard = new RolledBackError(serverError(1305));
  assert.equal(codeOf(toStoreError(guard, attempt)), "TRANSACTION_ENDED");
});

test("what is no error of the database is passed on as it is", () => {
  for (
    const error of [
      new CommandError("no"),
      new StoreError("STORE_BUSY", "busy", {}),
      new TypeError("no function"),
      "text",
      null,
    ]
  ) assert.equal(toStoreError(error, attempt), error);
});

test("a conflict is found below what it led to, five deep", () => {
  const nest = (depth: number): Error =>
    depth === 0
      ? serverError(1213)
      : new Error("above", { cause: nest(depth - 1) });
  assert.equal(comesOfConflict(nest(0)), true);
  assert.equal(comesOfConflict(nest(5)), true);
  assert.equal(comesOfConflict(nest(6)), false);
  assert.equal(comesOfConflict(new Error("other")), false);
  assert.equal(comesOfConflict(undefined), false);
});
