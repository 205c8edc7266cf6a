// Run against the package by `deno task check:npm`, where no driver is
// installed: the program is there, and works with what every runtime has.
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import process from "node:process";
import { test } from "node:test";

const file = resolve("node_modules/evtstore/esm/cli/main.js");
const [major = 0] = process.versions.node.split(".").map(Number);
const hasSqlite = major >= 22;

function evtstore(cwd: string, ...args: string[]) {
  const command = "Deno" in globalThis ? ["run", "-A", file] : [file];
  const { status, stdout, stderr } = spawnSync(
    process.execPath,
    [...command, ...args],
    { cwd, encoding: "utf8" },
  );
  return { status, stdout, stderr };
}

test("the program lists its commands", () => {
  const { status, stdout, stderr } = evtstore(".", "--help");
  assert.equal(status, 0, stderr);
  assert.match(stdout, /^ {2}verify /m);
});

test("a driver that is not installed is named", () => {
  const url = "postgres://localhost/bank";
  // Where there are no node_modules, Bun installs what is missing by itself.
  const { status, stderr } = evtstore(".", "streams", "--store", url);
  assert.equal(status, 2, stderr);
  assert.match(stderr, /npm install pg/);
});

test("a file of SQLite is made, and is well", () => {
  const folder = mkdtempSync(join(tmpdir(), "evtstore-program-"));
  const made = evtstore(folder, "migrate", "--store", "bank.db", "--yes");
  if (hasSqlite) {
    assert.equal(made.status, 0, made.stderr);
    const { status, stdout } = evtstore(
      folder,
      "verify",
      "--store",
      "bank.db",
      "--json",
    );
    assert.equal(status, 0);
    assert.equal(JSON.parse(stdout).damages, 0);
  } else {
    assert.equal(made.status, 1);
    assert.match(made.stderr, /RUNTIME_UNSUPPORTED/);
  }
  rmSync(folder, { recursive: true });
});
