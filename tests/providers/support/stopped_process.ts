import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { createInterface } from "node:readline";
import process from "node:process";
import { fileURLToPath } from "node:url";
import type { Provider } from "../../../core/provider.ts";

const WORKER = fileURLToPath(
  new URL("./stopped_process_worker.ts", import.meta.url),
);
const IDLE_MS = 1000;

/**
 * Stops a process while it is inside `transact`, as a debugger or a frozen
 * container does. Others get on after the idle time-out, and when the process
 * wakes up it is told that it has lost.
 *
 * @param driver The driver of the other process: "pg", "postgres" or "mysql".
 */
export async function testStoppedProcess(
  driver: string,
  url: string,
  provider: Provider<any, any>,
): Promise<void> {
  const child = spawn(process.execPath, [
    "run",
    "--allow-all",
    "--no-check",
    WORKER,
    driver,
    url,
    String(IDLE_MS),
  ], { stdio: ["pipe", "pipe", "inherit"] });
  const lines = createInterface({ input: child.stdout! });
  const line = () =>
    new Promise<string>((resolve) => {
      lines.once("line", resolve);
      lines.once("close", () => resolve("it has ended"));
    });
  try {
    assert.equal(await line(), "inside");
    process.kill(child.pid!, "SIGSTOP");
    const start = performance.now();
    const isMoved = await provider.transact!(async (tx) => {
      const isMoved = await provider.setPosition("mark", 2, { from: 0, tx });
      const events = provider.createEvents("s", "other", 1, [{ type: "E" }]);
      await provider.append("s", "other", 1, events, { tx });
      return isMoved;
    });
    const waited = performance.now() - start;
    assert.equal(isMoved, true);
    // On a machine that is busy the time-out began a while before.
    assert(waited < 5 * IDLE_MS, `It waited ${waited} ms`);
    const seen = await provider.getEventsFrom("s", 0);
    assert.deepEqual(seen.map(({ aggregateId }) => aggregateId), ["other"]);

    const answer = line();
    process.kill(child.pid!, "SIGCONT");
    child.stdin!.write("go on\n");
    assert.match(await answer, /^(TRANSACTION_ENDED|CONNECTION_LOST)$/);
    assert.deepEqual(await provider.getEventsFor("s", "stopped"), []);
    assert.equal(await provider.getPosition("mark"), 2);
  } finally {
    child.kill("SIGKILL");
    lines.close();
  }
}
