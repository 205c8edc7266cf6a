/**
 * Processes of both versions on one SQLite file, killed with SIGKILL while the
 * later one catches up and takes over.
 */
import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import process from "node:process";
import { DatabaseSync } from "node:sqlite";
import { test, type TestContext } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { openProvider, temporaryPath } from "../sqlite_database.ts";

const worker = fileURLToPath(new URL("worker.ts", import.meta.url));
const config = fileURLToPath(new URL("../../deno.json", import.meta.url));

/** When version 2 is killed after its start, from too early to too late. */
const kills = [50, 300, 700, 1000, 1500, 2000, 2600, 3200];
const HISTORY = 3000;

type Row = { version: number; event: number; replay: number };

async function start(
  t: TestContext,
  path: string,
  version: number,
): Promise<ChildProcess> {
  const runtime = "Deno" in globalThis
    ? ["run", "-A", "--no-check", "--config", config]
    : [];
  const args = [...runtime, worker, path, String(version)];
  const child = spawn(process.execPath, args, {
    stdio: ["ignore", "pipe", "inherit"],
  });
  t.after(() => void child.kill("SIGKILL"));
  await once(child.stdout!, "data");
  return child;
}

async function kill(child: ChildProcess): Promise<void> {
  const closed = once(child, "close");
  child.kill("SIGKILL");
  await closed;
}

test("versions that are killed: each event is live once, and in one of them", async (t) => {
  const path = temporaryPath(t);
  const provider = await openProvider(t, { path });
  const rows = new DatabaseSync(path);
  t.after(() => rows.close());
  rows.exec("CREATE TABLE seen (version, event, replay)");
  let count = 0;
  const append = async (more: number) => {
    const events = Array.from({ length: more }, (_, index) => ({
      type: "Done",
      at: count + index + 1,
    }));
    const created = provider.createEvents("a", "x", count + 1, events);
    await provider.append("a", "x", count + 1, created);
    count += more;
  };
  for (let index = 0; index < HISTORY / 500; index++) await append(500);
  let first = await start(t, path, 1);
  let isOver = false;
  const appending = (async () => {
    while (!isOver) {
      await append(1);
      await sleep(20);
    }
  })();
  for (const [index, ms] of kills.entries()) {
    const second = await start(t, path, 2);
    await sleep(ms);
    await kill(second);
    if (index % 3 !== 2) continue;
    await kill(first);
    first = await start(t, path, 1);
  }
  await start(t, path, 2);
  const seenBy = (version: number, replay: number) =>
    (rows.prepare(
      "SELECT event FROM seen WHERE version = ? AND replay = ? ORDER BY rowid",
    ).all(version, replay) as Row[]).map(({ event }) => event);
  const deadline = performance.now() + 60_000;
  while (seenBy(2, 0).length < 20) {
    assert(performance.now() < deadline, "version 2 has not taken over");
    await sleep(50);
  }
  isOver = true;
  await appending;
  const all = Array.from({ length: count }, (_, index) => index + 1);
  while (seenBy(2, 0).at(-1) !== count) {
    assert(performance.now() < deadline, "version 2 has not caught up");
    await sleep(50);
  }
  assert.deepEqual([...seenBy(1, 0), ...seenBy(2, 0)], all, "what was live");
  assert.deepEqual(seenBy(2, 1), seenBy(1, 0), "what was a replay");
  assert.deepEqual(seenBy(1, 1), []);
});
