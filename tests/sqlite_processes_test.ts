import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import process from "node:process";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import {
  appendTo,
  openProvider,
  temporaryPath,
  until,
} from "./sqlite_database.ts";

const worker = fileURLToPath(
  new URL("sqlite_processes_worker.ts", import.meta.url),
);
const config = fileURLToPath(new URL("../deno.json", import.meta.url));

/** Runs the worker to its end; `onLine` sees what it prints on the way. */
function run(
  path: string,
  task: string,
  onLine: (line: string) => void = () => {},
): Promise<string> {
  const runtime = "Deno" in globalThis
    ? ["run", "-A", "--no-check", "--config", config]
    : [];
  const child = spawn(process.execPath, [...runtime, worker, path, task], {
    stdio: ["ignore", "pipe", "inherit"],
    // Should it not end by itself.
    timeout: 20_000,
  });
  let output = "";
  child.stdout.on("data", (data) => {
    output += data;
    onLine(String(data));
  });
  return new Promise((resolve, reject) => {
    child.on("error", reject);
    child.on(
      "close",
      (code) =>
        code === 0
          ? resolve(output)
          : reject(new Error(`Worker ${task} ended with code ${code}`)),
    );
  });
}

test("a process that waits for another one's transaction is not blocked", async (t) => {
  const path = temporaryPath(t);
  const provider = await openProvider(t, { path });
  let begun = () => {};
  const isHeld = new Promise<void>((resolve) => begun = resolve);
  const holder = run(path, "hold", () => begun());
  await isHeld;
  let longest = 0;
  let last = performance.now();
  const timer = setInterval(() => {
    longest = Math.max(longest, performance.now() - last);
    last = performance.now();
  }, 1);
  await appendTo(provider, "ada", 1);
  clearInterval(timer);
  await holder;
  assert.ok(longest < 50, `Expected a free event loop: ${longest} ms blocked`);
});

test("watch() is woken by an append of another process", async (t) => {
  const path = temporaryPath(t);
  const provider = await openProvider(t, { path });
  let wakes = 0;
  t.after(provider.watch(() => wakes++));
  // The first look wakes always.
  await until(() => wakes === 1);
  await run(path, "append");
  await until(() => wakes > 1);
  assert.equal(wakes, 2);
});

test("watch() keeps no process alive", async (t) => {
  const path = temporaryPath(t);
  await openProvider(t, { path });
  await run(path, "watch");
});
