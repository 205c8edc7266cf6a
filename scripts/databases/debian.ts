import { existsSync, rmSync, writeFileSync } from "node:fs";
import process from "node:process";
import { findProgram, runOrThrow } from "./command.ts";
import { MissingError, type StartContext } from "./definition.ts";
import { createSerial } from "./serially.ts";

/** What to install, by package manager. */
export interface SystemPackages {
  readonly debian: readonly string[];
  readonly homebrew: string;
  /** Whether it is not what docker-compose.yml has. */
  readonly isNoService?: boolean;
}

const oneAtATime = createSerial();
const policyFile = "/usr/sbin/policy-rc.d";
let isUpdated = false;

/**
 * Gives what `find` finds, after installing Debian packages if it finds
 * nothing and that is allowed.
 */
export async function findOrInstall<T>(
  find: () => T | undefined,
  packages: SystemPackages,
  context: Pick<StartContext, "mayInstall" | "say">,
): Promise<T> {
  const found = find() ?? await oneAtATime(async () => {
    const foundMeanwhile = find();
    if (foundMeanwhile !== undefined) return foundMeanwhile;
    checkInstallable(packages, context.mayInstall);
    context.say(`Installing ${packages.debian.join(", ")} with apt-get`);
    await aptInstall(packages.debian);
    return find();
  });
  if (found !== undefined) return found;
  throw new MissingError(
    `not found after installing ${packages.debian.join(", ")}`,
  );
}

function checkInstallable(packages: SystemPackages, mayInstall: boolean): void {
  const hasApt = findProgram("apt-get") !== undefined;
  const isRoot = process.getuid?.() === 0;
  if (hasApt && isRoot && mayInstall) return;
  const names = packages.debian.join(" ");
  const way = process.platform === "darwin"
    ? `run "brew install ${packages.homebrew}"`
    : !hasApt
    ? `install what Debian has in ${names}`
    : isRoot
    ? `add --install, or run "apt-get install ${names}"`
    : `run "sudo apt-get install ${names}"`;
  const docker = packages.isNoService ? "" : "start Docker, or ";
  throw new MissingError(`not installed: ${docker}${way}`);
}

async function aptInstall(packages: readonly string[]): Promise<void> {
  const options = {
    timeout: 600_000,
    environment: { DEBIAN_FRONTEND: "noninteractive" },
  };
  const lock = ["-o", "DPkg::Lock::Timeout=300"];
  if (!isUpdated) {
    await runOrThrow("apt-get", [...lock, "update"], options);
    isUpdated = true;
  }
  await withoutServices(() =>
    runOrThrow("apt-get", [
      ...lock,
      "install",
      "-y",
      "--no-install-recommends",
      ...packages,
    ], options)
  );
}

/** Keeps a package from starting a server of its own at installation. */
async function withoutServices<T>(work: () => Promise<T>): Promise<T> {
  if (existsSync(policyFile)) return await work();
  writeFileSync(policyFile, "#!/bin/sh\nexit 101\n", { mode: 0o755 });
  try {
    return await work();
  } finally {
    rmSync(policyFile);
  }
}
