import {
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { setTimeout as sleep } from "node:timers/promises";
import { cacheFolder } from "./cache.ts";
import { exists } from "./process.ts";

const longest = 20 * 60_000;

/** Runs the work while no other process starts or stops servers. */
export async function withLock<T>(
  say: (message: string) => void,
  work: () => Promise<T>,
): Promise<T> {
  const file = join(cacheFolder(), "databases.lock");
  mkdirSync(cacheFolder(), { recursive: true });
  const end = performance.now() + longest;
  let hasSaid = false;
  while (!take(file)) {
    const holder = holderOf(file);
    if (holder === undefined) continue;
    if (isStale(file, holder)) {
      discard(file, holder);
      continue;
    }
    if (performance.now() > end) {
      throw new Error(`Cannot go on: process ${holder} holds ${file}`);
    }
    if (!hasSaid) say(`Waiting for process ${holder}, which holds ${file}`);
    hasSaid = true;
    await sleep(200);
  }
  try {
    return await work();
  } finally {
    rmSync(file, { force: true });
  }
}

function take(file: string): boolean {
  try {
    writeFileSync(file, String(process.pid), { flag: "wx" });
    return true;
  } catch (error) {
    if ((error as { code?: string }).code === "EEXIST") return false;
    throw error;
  }
}

/** Undefined if it is no longer held; 0 while its holder writes its pid. */
function holderOf(file: string): number | undefined {
  try {
    return Number(readFileSync(file, "utf8"));
  } catch {
    return undefined;
  }
}

function isStale(file: string, holder: number): boolean {
  const written = statSync(file, { throwIfNoEntry: false })?.mtimeMs;
  const age = written === undefined ? 0 : Date.now() - written;
  // The pid of a dead holder may have been given to another process.
  if (age > longest) return true;
  return holder === 0 ? age > 2_000 : !exists(holder);
}

/** Only one of those who find it stale may remove it, and only that one. */
function discard(file: string, holder: number): void {
  const aside = `${file}.${process.pid}`;
  try {
    renameSync(file, aside);
  } catch {
    return;
  }
  // Another took it since: give it back, unless a third has it by now.
  if (holderOf(aside) !== holder && holderOf(file) === undefined) {
    renameSync(aside, file);
  } else {
    rmSync(aside, { force: true });
  }
}
