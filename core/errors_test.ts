import assert from "node:assert/strict";
import { test } from "node:test";
import {
  CommandError,
  DuplicateCommandError,
  StoreError,
  VersionError,
} from "./errors.ts";

test("CommandError has the message twice, as in evtstore 12", () => {
  const error = new CommandError("Account is closed", "CLOSED");
  assert.equal(error.msg, "Account is closed");
  assert.equal(error.message, "Account is closed");
  assert.equal(error.code, "CLOSED");
  assert.equal(error.name, "CommandError");
  assert.equal("code" in new CommandError("no code"), false);
});

test("VersionError is a CommandError with the text of evtstore 12", () => {
  const bare = new VersionError();
  assert(bare instanceof CommandError);
  assert.equal(bare.message, "Version conflict error");
  assert.equal(bare.code, "VERSION_CONFLICT");
  assert.equal(new VersionError("x").message, "Version conflict error: x");
  assert.equal("cause" in bare, false);
});

test("VersionError.of() says which append was refused", () => {
  const cause = new Error("unique violation");
  const error = VersionError.of({
    stream: "accounts",
    aggregateId: "ada",
    expectedVersion: 3,
    actualVersion: 4,
    cause,
  });
  assert.equal(
    error.message,
    'Version conflict error: Cannot append to "ada" of stream "accounts" after version 3: it is at version 4',
  );
  assert.equal(error.stream, "accounts");
  assert.equal(error.aggregateId, "ada");
  assert.equal(error.expectedVersion, 3);
  assert.equal(error.actualVersion, 4);
  assert.equal(error.cause, cause);
  assert.match(
    VersionError.of({ stream: "a", aggregateId: "b", expectedVersion: 0 })
      .message,
    /another command was faster$/,
  );
});

test("StoreError has its facts, and no cause unless there is one", () => {
  const error = new StoreError("NOT_MIGRATED", "Run migrate() first", {
    stream: "accounts",
  });
  assert.equal(error.code, "NOT_MIGRATED");
  assert.equal(error.stream, "accounts");
  assert.equal("cause" in error, false);
  assert.equal(
    new StoreError("STORE_FAILED", "x", { cause: error }).cause,
    error,
  );
});

test("DuplicateCommandError names the command", () => {
  const error = new DuplicateCommandError({
    stream: "accounts",
    aggregateId: "ada",
    commandId: "c1",
  });
  assert(error instanceof StoreError);
  assert(!(error instanceof VersionError));
  assert.equal(error.code, "DUPLICATE_COMMAND");
  assert.equal(error.commandId, "c1");
  assert.equal(
    error.message,
    'Cannot append to "ada" of stream "accounts": command "c1" was stored there already',
  );
});
