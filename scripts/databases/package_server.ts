import { existsSync, mkdirSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { workFolder } from "./cache.ts";
import { type DatabaseDefinition, MissingError } from "./definition.ts";
import {
  type FailedStart,
  failedStartOf,
  reportFailedStart,
} from "./failed_start.ts";
import { freePort } from "./port.ts";
import { isServerOf, launch, stopServer } from "./process.ts";
import { waitForAnswer } from "./ready.ts";
import { type PackageServer, recordServer } from "./state.ts";

export interface PackageOptions {
  readonly mayInstall: boolean;
  readonly say: (message: string) => void;
  /** What is known of a server that died: its port and data are kept. */
  readonly before: PackageServer | undefined;
}

/**
 * Starts a server from its package; gives its address once it answers.
 *
 * @throws {MissingError} in one line, where it cannot be had or does not start
 */
export async function startFromPackage(
  definition: DatabaseDefinition,
  options: PackageOptions,
): Promise<string> {
  const { name, environmentVariable } = definition;
  const outcome = await start(definition, options).catch((error) => {
    if (error instanceof MissingError) throw error;
    return { failure: failedStartOf(error) };
  });
  if (outcome.failure === undefined) return outcome.url;
  // Outside the server's folder, which is removed.
  const log = join(workFolder(), "logs", `${name}.log`);
  throw new MissingError(
    reportFailedStart(outcome.failure, log, environmentVariable),
  );
}

async function start(
  definition: DatabaseDefinition,
  options: PackageOptions,
): Promise<Attempt> {
  const folder = join(workFolder(), "servers", definition.name);
  // A folder that nobody knows is of a start that was cut short.
  if (options.before?.folder !== folder) removeFolder(folder);
  mkdirSync(join(workFolder(), "servers"), { recursive: true });
  // Children of a server that was killed may hold its data for a moment.
  for (const pause of existsSync(folder) ? [0, 1_000, 3_000] : []) {
    await sleep(pause);
    const outcome = await attempt(definition, folder, options);
    if (outcome.failure === undefined) return outcome;
    options.say(`${definition.name} does not start yet: trying again`);
  }
  removeFolder(folder);
  try {
    const outcome = await attempt(definition, folder, options);
    if (outcome.failure !== undefined) removeFolder(folder);
    return outcome;
  } catch (error) {
    removeFolder(folder);
    throw error;
  }
}

/** Stops a server, removes its data, and forgets it. */
export async function stopPackageServer(
  name: string,
  server: PackageServer,
): Promise<void> {
  await stopServer(server.folder, server.pid, server.stopSignal);
  removeFolder(server.folder);
  recordServer(name, undefined);
}

type Attempt =
  | { readonly url: string; readonly failure?: undefined }
  | { readonly failure: FailedStart };

async function attempt(
  definition: DatabaseDefinition,
  folder: string,
  { mayInstall, say, before }: PackageOptions,
): Promise<Attempt> {
  const port = await freePort(before?.port);
  const packages = join(workFolder(), "packages");
  const command = await definition.start({
    folder,
    packages,
    port,
    mayInstall,
    say,
  });
  const { url, stopSignal } = command;
  const log = join(folder, "server.log");
  const pid = await launch(command, folder, log);
  // Before it answers: if we are stopped meanwhile, "down" finds it.
  recordServer(definition.name, {
    via: "package",
    pid,
    port,
    folder,
    url,
    stopSignal,
  });
  const isAlive = (): boolean => isServerOf(folder, pid);
  const reason = await waitForAnswer(
    () => definition.ask(url),
    { timeout: 60_000, isAlive },
  );
  if (reason === undefined) return { url };
  await stopServer(folder, pid, stopSignal);
  recordServer(definition.name, undefined);
  const logs = [log, ...command.log === undefined ? [] : [command.log]];
  return {
    failure: {
      what: `does not answer: ${reason}`,
      log: logs.map(readIfThere).join(""),
    },
  };
}

function readIfThere(file: string): string {
  return existsSync(file) ? readFileSync(file, "utf8") : "";
}

function removeFolder(folder: string): void {
  if (!existsSync(folder)) return;
  // Children of a server that was killed may still write for a moment.
  rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
}
