import { statSync } from "node:fs";
import { homedir } from "node:os";
import { dirname, isAbsolute, join } from "node:path";
import process from "node:process";

/** Where the state file is: outside the tree, the same for each checkout. */
export function cacheFolder(): string {
  // The first one is for tests: Deno has its own cache where the other says, and
  // would fetch all packages again in whatever is started meanwhile.
  const configured = process.env["EVTSTORE_CACHE_HOME"] ??
    process.env["XDG_CACHE_HOME"];
  return configured !== undefined && isAbsolute(configured)
    ? join(configured, "evtstore")
    : join(homedir(), ".cache", "evtstore");
}

/** Where packages and data are. */
export function workFolder(): string {
  const isRoot = process.getuid?.() === 0;
  return chooseWorkFolder(cacheFolder(), isRoot, modeOf);
}

/**
 * The cache folder, unless we are root and keep it to ourselves: servers then
 * run as another user, who could not enter it. Each cache folder has its own
 * place there, as each has its own state file.
 */
export function chooseWorkFolder(
  cache: string,
  isRoot: boolean,
  mode: (folder: string) => number | undefined,
): string {
  if (!isRoot || isOpenToOthers(cache, mode)) return cache;
  const name = cache.split("/").filter((part) => part !== "").join("-");
  return `/var/cache/evtstore/${name}`;
}

function isOpenToOthers(
  folder: string,
  mode: (folder: string) => number | undefined,
): boolean {
  const canEnter = ((mode(folder) ?? 0o755) & 0o001) !== 0;
  const parent = dirname(folder);
  return canEnter && (parent === folder || isOpenToOthers(parent, mode));
}

function modeOf(folder: string): number | undefined {
  return statSync(folder, { throwIfNoEntry: false })?.mode;
}
