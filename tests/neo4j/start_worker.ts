import { spawn } from "node:child_process";
import process from "node:process";
import type { TestContext } from "node:test";
import { fileURLToPath } from "node:url";

const CONFIG = fileURLToPath(new URL("../../deno.json", import.meta.url));
const WORKER = fileURLToPath(new URL("worker.ts", import.meta.url));

/** A process of `worker.ts`. */
export type Worker = {
  /** The lines that it has printed, but for one that is cut off. */
  lines(): string[];
  kill(signal: NodeJS.Signals): void;
};

/** Starts a worker, and kills it after the test. */
export function startWorker(t: TestContext, ...args: string[]): Worker {
  const child = spawn(
    process.execPath,
    ["run", "-A", "--no-check", "--config", CONFIG, WORKER, ...args],
    { stdio: ["ignore", "pipe", "inherit"] },
  );
  t.after(() => child.kill("SIGKILL"));
  let printed = "";
  child.stdout.on("data", (data) => printed += data);
  return {
    lines: () => printed.split("\n").slice(0, -1),
    kill: (signal) => void child.kill(signal),
  };
}
