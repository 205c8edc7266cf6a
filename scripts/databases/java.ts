import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { findProgram, run } from "./command.ts";
import { findOrInstall } from "./debian.ts";
import { MissingError, type StartContext } from "./definition.ts";

const packages = { debian: ["default-jre-headless"], homebrew: "openjdk" };

/** Where Debian and Red Hat keep several versions side by side. */
const versionsFolder = "/usr/lib/jvm";

/**
 * Gives the program of the lowest Java version that is high enough: a server
 * may not run on one that is much newer than itself.
 *
 * @throws {MissingError} in one line, where there is none
 */
export async function findJava(
  least: number,
  context: StartContext,
): Promise<string> {
  await findOrInstall(() => candidates()[0], packages, context);
  const found: { program: string; version: number }[] = [];
  for (const program of candidates()) {
    found.push({ program, version: await versionOf(program) });
  }
  const [lowest] = found
    .filter(({ version }) => version >= least)
    .sort((left, right) => left.version - right.version);
  if (lowest !== undefined) return lowest.program;
  const versions = found.map(({ version }) => version).join(", ");
  throw new MissingError(
    `needs Java ${least} or later: found ${versions}; start Docker, or set JAVA_HOME`,
  );
}

function candidates(): string[] {
  const home = process.env["JAVA_HOME"];
  const homes = existsSync(versionsFolder)
    ? readdirSync(versionsFolder).map((name) => join(versionsFolder, name))
    : [];
  const folders = [...home ? [home] : [], ...homes];
  const programs = folders.map((folder) => join(folder, "bin", "java"));
  const onPath = findProgram("java");
  if (onPath !== undefined) programs.push(onPath);
  return programs.filter((program) => existsSync(program));
}

/** 17 for "17.0.15", 8 for "1.8.0_292", 0 for what does not say. */
async function versionOf(program: string): Promise<number> {
  const { output } = await run(program, ["-version"], { timeout: 20_000 });
  const [, major, minor] = output.match(/version "(\d+)(?:\.(\d+))?/) ?? [];
  return Number(major === "1" ? minor : major ?? 0);
}
