import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { fill, openSqlite, openWorkspace } from "./support.ts";

const main = fileURLToPath(new URL("../../cli/main.ts", import.meta.url));

/** Runs the program itself. */
async function evtstore(
  cwd: string,
  args: string[],
  started: (pid: number) => void = () => {},
): Promise<{ code: unknown; out: string; err: string }> {
  const command = "Deno" in globalThis
    ? ["run", "-A", "--no-check", main]
    : [main];
  const child = spawn(process.execPath, [...command, ...args], { cwd });
  started(child.pid!);
  let [out, err] = ["", ""];
  child.stdout.on("data", (data) => out += data);
  child.stderr.on("data", (data) => err += data);
  const code = await new Promise((resolve) => child.on("close", resolve));
  return { code, out, err };
}

test("the program ends by itself, also if a config file leaves something open", async (t) => {
  const { folder, write } = openWorkspace(t);
  const store = await openSqlite(join(folder, "bank.db"));
  await fill(store.provider);
  await store.close();
  write(
    "evtstore.config.js",
    `import { createProvider } from ${
      JSON.stringify(new URL("../../providers/sqlite.ts", import.meta.url).href)
    };
    setInterval(() => {}, 60_000);
    export const provider = createProvider({ path: "bank.db" });`,
  );
  const { code, out, err } = await evtstore(folder, ["verify", "--json"]);
  assert.equal(err, "");
  assert.deepEqual([code, JSON.parse(out).damages], [0, 0]);
});

test("an import that is killed goes on when it is run again", async (t) => {
  const { folder, run, json } = openWorkspace(t);
  const store = await openSqlite(join(folder, "source.db"));
  await fill(store.provider, 1500);
  await store.close();
  await run(["export", "a.jsonl", "-s", "source.db"]);
  await run(["migrate", "-s", "target.db", "-y"]);
  const command = ["import", "a.jsonl", "-s", "target.db", "-y"];
  let pid = 0;
  const importing = evtstore(folder, command, (started) => pid = started);
  const target = await openSqlite(join(folder, "target.db"));
  // Killed when it has stored something, and not yet all.
  while (!await target.provider.getLastEventFor("accounts")) {
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
  await target.close();
  process.kill(pid, "SIGKILL");
  await importing;
  const [{ stored, found }] = await json(command);
  assert(found > 0, "it was killed before it had stored anything");
  assert.equal(stored + found, 1800);
  await run(["export", "b.jsonl", "-s", "target.db"]);
  const read = (name: string) => readFileSync(join(folder, name), "utf8");
  assert.equal(read("b.jsonl"), read("a.jsonl"));
});
