import assert from "node:assert/strict";
import { cpSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { fileURLToPath, pathToFileURL } from "node:url";
import { RequirementError, ReservationError } from "./claim_errors.ts";
import {
  CommandError,
  DuplicateCommandError,
  InvalidCommandError,
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

test("instanceof knows the errors of another copy of the library", async () => {
  const folder = mkdtempSync(join(tmpdir(), "evtstore-copy-"));
  try {
    const file = join(folder, "errors.ts");
    cpSync(fileURLToPath(new URL("errors.ts", import.meta.url)), file);
    const copy = await import(pathToFileURL(file).href);
    assert.notEqual(copy.CommandError, CommandError);

    const conflict = new copy.VersionError("ada");
    assert(conflict instanceof VersionError);
    assert(conflict instanceof CommandError);
    assert(!(conflict instanceof StoreError));
    assert(!(new copy.CommandError("closed") instanceof VersionError));

    const invalid = new copy.InvalidCommandError("open", []);
    assert(invalid instanceof InvalidCommandError);
    assert(invalid instanceof CommandError);
    assert(!(invalid instanceof VersionError));

    const repeat = new copy.DuplicateCommandError({ commandId: "c1" });
    assert(repeat instanceof DuplicateCommandError);
    assert(repeat instanceof StoreError);
    assert(
      !(new copy.StoreError("STORE_FULL", "x") instanceof
        DuplicateCommandError),
    );
  } finally {
    rmSync(folder, { recursive: true });
  }
});

test("instanceof asks the prototype for a class that an application derives", () => {
  class Overdrawn extends CommandError {}
  class Closed extends CommandError {}
  const error = new Overdrawn("Only 3 cents left");
  assert(error instanceof Overdrawn);
  assert(error instanceof CommandError);
  assert(!(error instanceof Closed));
  assert(!(new CommandError("x") instanceof Overdrawn));
  for (const value of [undefined, null, "VersionError", {}, new Error("x")]) {
    assert(!((value as unknown) instanceof CommandError));
  }
});

test("each class has a name and a code to go by", () => {
  const facts = { stream: "a", aggregateId: "x" };
  const requirement = { ...facts, requiredVersion: 1, actualVersion: 2 };
  const errors = [
    new VersionError(),
    new InvalidCommandError("open", []),
    new RequirementError(requirement),
    new ReservationError({ ...facts, key: "k" }),
    new DuplicateCommandError(facts),
  ];
  assert.deepEqual(errors.map(({ name, code }) => [name, code]), [
    ["VersionError", "VERSION_CONFLICT"],
    ["InvalidCommandError", "INVALID_COMMAND"],
    ["RequirementError", "REQUIREMENT_FAILED"],
    ["ReservationError", "ALREADY_RESERVED"],
    ["DuplicateCommandError", "DUPLICATE_COMMAND"],
  ]);
  assert.equal(new InvalidCommandError("open", []).field, "");
});

test("every copy of the library marks its errors alike, whatever its version", () => {
  const facts = { stream: "a", aggregateId: "x" };
  const marks: [Error, string[]][] = [
    [new CommandError("no"), ["CommandError"]],
    [new VersionError(), ["CommandError", "VersionError"]],
    [
      new InvalidCommandError("open", []),
      ["CommandError", "InvalidCommandError"],
    ],
    [
      new RequirementError({ ...facts, requiredVersion: 1, actualVersion: 2 }),
      ["CommandError", "RequirementError"],
    ],
    [
      new ReservationError({ ...facts, key: "k" }),
      ["CommandError", "ReservationError"],
    ],
    [new StoreError("STORE_FULL", "x"), ["StoreError"]],
    [new DuplicateCommandError(facts), ["StoreError", "DuplicateCommandError"]],
  ];
  for (const [error, names] of marks) {
    for (const name of names) {
      assert(Symbol.for(`evtstore.${name}`) in error, name);
    }
  }
});
