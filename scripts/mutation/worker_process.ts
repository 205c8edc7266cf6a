import { spawn } from "node:child_process";
import { once } from "node:events";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { createInterface } from "node:readline";
import { type Job, mark, type Message } from "./messages.ts";

/** How a worker ended. */
export type Ending = "done" | "silent";

let started = 0;

/**
 * Runs a job in a process of its own, and ends that if it is silent for longer
 * than it said it would be: then it is in an endless loop.
 */
export async function runWorker(
  copy: string,
  job: Job,
  hear: (message: Message) => void,
): Promise<Ending> {
  const path = join(copy, `job_${started++ % 100}.json`);
  writeFileSync(path, JSON.stringify(job));
  const child = spawn(process.execPath, [
    "run",
    "--allow-all",
    "--no-check",
    "--quiet",
    "--v8-flags=--max-old-space-size=1500",
    `--config=${join(copy, "deno.json")}`,
    join(copy, "mutation/worker.ts"),
    path,
  ], {
    cwd: copy,
    stdio: ["ignore", "pipe", job.mutants === undefined ? "inherit" : "ignore"],
  });
  const closed = once(child, "close");
  let ending: Ending = "done";
  let watchdog: ReturnType<typeof setTimeout> | undefined;
  const watch = (ms: number) => {
    clearTimeout(watchdog);
    watchdog = setTimeout(() => {
      ending = "silent";
      child.kill("SIGKILL");
    }, ms);
  };
  watch(120_000);
  for await (const line of createInterface({ input: child.stdout! })) {
    const at = line.indexOf(mark);
    if (at === -1) continue;
    const message: Message = JSON.parse(line.slice(at + mark.length));
    if ("patience" in message) watch(message.patience + 20_000);
    else hear(message);
  }
  clearTimeout(watchdog);
  const [code] = await closed;
  // Out of memory is an endless loop as well.
  return code === 0 ? ending : "silent";
}
