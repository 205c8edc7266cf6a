/**
 * Runs a program once for each file of settings, and again whenever it dies:
 *
 *     keep_running.ts PROGRAM FILE…
 */
import { spawn } from "node:child_process";
import process from "node:process";

const PAUSE_MS = 500;

const [program = "", ...files] = process.argv.slice(2);
const running = new Map<string, ReturnType<typeof spawn>>();
let isOver = false;

function start(file: string): void {
  if (isOver) return;
  const child = spawn(program, ["-c", file], { stdio: "inherit" });
  running.set(file, child);
  const again = (): void => {
    running.delete(file);
    if (isOver && running.size === 0) process.exit(0);
    setTimeout(() => start(file), PAUSE_MS);
  };
  child.on("error", (error: Error) => {
    console.error(error.message);
    process.exit(1);
  });
  child.on("exit", again);
}

for (const signal of ["SIGTERM", "SIGINT"] as const) {
  process.on(signal, () => {
    isOver = true;
    for (const child of running.values()) child.kill("SIGTERM");
    if (running.size === 0) process.exit(0);
  });
}
for (const file of files) start(file);
