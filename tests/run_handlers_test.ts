import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import process from "node:process";
import { test } from "node:test";
import { fileURLToPath } from "node:url";

test("a real process ends after SIGTERM with its bookmark stored", {
  skip: process.platform === "win32",
}, async () => {
  const { output, code } = await runScript("SIGTERM", "0");
  const events = output.map(({ event }) => event);
  assert.deepEqual(events, [
    "started",
    "active",
    "stopping",
    "stopped",
    "position 1",
  ]);
  assert.equal(output[2]!.signal, "SIGTERM");
  assert.equal(code, 0);
});

test("a real process whose callback hangs ends at the limit with code 1", {
  skip: process.platform === "win32",
}, async () => {
  const { output, code } = await runScript("SIGINT", "hang");
  assert.equal(output.at(-1)!.event, "overdue");
  assert.equal(code, 1);
});

/** Sends a process a signal when its handler is at work, and reads its log. */
async function runScript(
  signal: NodeJS.Signals,
  mode: string,
): Promise<{ output: { event: string; signal?: string }[]; code: unknown }> {
  const script = fileURLToPath(
    new URL("./run_handlers_worker.ts", import.meta.url),
  );
  const command = "Deno" in globalThis
    ? ["run", "-A", "--no-check", script, mode]
    : [script, mode];
  const child = spawn(process.execPath, command, {
    stdio: ["ignore", "pipe", "pipe"],
  });
  let text = "";
  const onData = (data: Uint8Array) => {
    const before = text;
    text += new TextDecoder().decode(data);
    if (!before.includes('"handling"') && text.includes('"handling"')) {
      process.kill(child.pid!, signal);
    }
  };
  child.stdout.on("data", onData);
  child.stderr.on("data", onData);
  const code = await new Promise((resolve) => child.on("close", resolve));
  const output = text.trim().split("\n").map((line) => JSON.parse(line));
  return { output: output.filter(({ event }) => event !== "handling"), code };
}
