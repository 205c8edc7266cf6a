import { spawn, spawnSync } from "node:child_process";
import { closeSync, openSync, readFileSync } from "node:fs";
import { sep } from "node:path";
import process from "node:process";
import { setTimeout as sleep } from "node:timers/promises";
import type { ServerCommand, StopSignal } from "./definition.ts";

/** Starts a server that outlives this process; gives its pid. */
export function launch(
  command: ServerCommand,
  folder: string,
  log: string,
): Promise<number> {
  const output = openSync(log, "a");
  return new Promise<number>((resolve, reject) => {
    const child = spawn(command.program, [...command.args], {
      cwd: folder,
      detached: true,
      stdio: ["ignore", output, output],
      ...command.user === undefined
        ? {}
        : { uid: command.user.uid, gid: command.user.gid },
    });
    child.once("error", reject);
    child.unref();
    if (child.pid !== undefined) resolve(child.pid);
  }).finally(() => closeSync(output));
}

/**
 * Whether that process is the server of that folder. The pid alone does not
 * say so: it may have been given to another process since.
 */
export function isServerOf(folder: string, pid: number): boolean {
  if (!exists(pid)) return false;
  const line = commandLine(pid);
  return line === undefined || namesFolder(line, folder);
}

/** Whether a command line has an argument inside the folder. */
export function namesFolder(commandLine: string, folder: string): boolean {
  return commandLine.includes(`${folder}${sep}`);
}

/**
 * Stops the server of a folder and returns when it is gone.
 *
 * @throws {Error} if it is still there after SIGKILL
 */
export async function stopServer(
  folder: string,
  pid: number,
  signal: StopSignal,
): Promise<void> {
  const isGone = (): boolean => !isServerOf(folder, pid);
  if (isGone()) return;
  const children = childrenOf(pid);
  send(pid, signal);
  if (await becomes(isGone, 20_000)) return;
  for (const each of [pid, ...children]) send(each, "SIGKILL");
  if (await becomes(isGone, 5_000)) return;
  throw new Error(`Cannot stop process ${pid} of ${folder}`);
}

/**
 * Returns when the system has forgotten a process of this one that has ended: a
 * server that finds its pid in a file would take it for alive.
 */
export async function forgotten(pid: number): Promise<void> {
  await becomes(() => !exists(pid), 5_000);
}

async function becomes(
  condition: () => boolean,
  timeout: number,
): Promise<boolean> {
  const end = performance.now() + timeout;
  while (!condition()) {
    if (performance.now() > end) return false;
    await sleep(50);
  }
  return true;
}

/** Whether there is such a process, whoever it belongs to. */
export function exists(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as { code?: string }).code === "EPERM";
  }
}

function send(pid: number, signal: StopSignal): void {
  try {
    process.kill(pid, signal);
  } catch (error) {
    if ((error as { code?: string }).code !== "ESRCH") throw error;
  }
}

/** Undefined where this system has no way to tell; empty for a zombie. */
function commandLine(pid: number): string | undefined {
  if (process.platform === "win32") return undefined;
  if (process.platform === "linux") {
    try {
      return readFileSync(`/proc/${pid}/cmdline`, "utf8");
    } catch {
      return "";
    }
  }
  const args = ["-ww", "-o", "command=", "-p", String(pid)];
  return spawnSync("ps", args, { encoding: "utf8" }).stdout;
}

function childrenOf(pid: number): number[] {
  try {
    const text = readFileSync(`/proc/${pid}/task/${pid}/children`, "utf8");
    return text.split(" ").map(Number).filter((child) => child > 1);
  } catch {
    return [];
  }
}
