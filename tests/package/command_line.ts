// Run against the package by `deno task check:npm`, where no driver is
// installed: the program is there, and works with what every runtime has.
import assert from "node:assert/strict";
import { spawn, spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import process from "node:process";
import { test } from "node:test";
import { pathToFileURL } from "node:url";

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

test("the studio serves its page and its answers, and ends on a signal", async () => {
  const folder = mkdtempSync(join(tmpdir(), "evtstore-studio-"));
  const memory = pathToFileURL(
    resolve("node_modules/evtstore/esm/providers/memory.js"),
  );
  writeFileSync(
    join(folder, "evtstore.config.mjs"),
    `import { createProvider } from "${memory.href}";
    export const provider = createProvider();`,
  );
  const command = "Deno" in globalThis ? ["run", "-A", file] : [file];
  const child = spawn(
    process.execPath,
    [...command, "studio", "--port", "0", "--json"],
    { cwd: folder, stdio: ["ignore", "pipe", "inherit"] },
  );
  const ended = new Promise((done) => child.on("exit", done));
  const line = await new Promise<string>((done, fail) => {
    let out = "";
    child.stdout.on("data", (data) => {
      out += data;
      if (out.includes("\n")) done(out);
    });
    ended.then((code) => fail(new Error(`It ended with ${code}`)));
  });
  const { url } = JSON.parse(line);
  const page = await fetch(url);
  assert.equal(page.status, 200);
  assert.match(await page.text(), /<!doctype html>/i);
  const cookie = page.headers.get("set-cookie")!.split(";")[0]!;
  const overview = new URL("/api/overview", url);
  const answer = await fetch(overview, { headers: { cookie } });
  assert.equal((await answer.json()).driver, "memory");
  const refused = await fetch(overview);
  assert.equal(refused.status, 401);
  await refused.text();
  process.kill(child.pid!, "SIGTERM");
  assert.equal(await ended, 0);
  rmSync(folder, { recursive: true });
});
