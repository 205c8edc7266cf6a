import { mkdtempSync, readFileSync, realpathSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { workFolder } from "./cache.ts";
import { lastLines } from "./command.ts";
import type {
  DatabaseDefinition,
  ServerCommand,
  StopSignal,
} from "./definition.ts";
import { mayInstall } from "./install_policy.ts";
import { freePort } from "./port.ts";
import { forgotten, isServerOf, launch, stopServer } from "./process.ts";
import { waitForAnswer } from "./ready.ts";
import type { ServerUser } from "./server_user.ts";

/** How long a server may take to answer: Java is slow on a busy machine. */
const PATIENCE_MS = 180_000;

/** How a {@linkcode PrivateServer} differs from the shared one. */
export interface PrivateServerOptions {
  /** Arguments after those of the definition. */
  readonly args?: readonly string[];
  /** Puts data into the folder, which the server starts from. */
  readonly prepare?: (folder: string) => Promise<void>;
}

/** A server that one test has to itself: to restart, to fill, to kill. */
export interface PrivateServer {
  readonly url: string;
  /** Where its data is. */
  readonly folder: string;
  /** The program that runs. */
  readonly program: string;
  /** Whom it runs as, if not as ourselves. */
  readonly user: ServerUser | undefined;
  /** Stops it and keeps its data; SIGKILL is a loss of power. */
  stop(signal?: StopSignal): Promise<void>;
  /**
   * Starts it again on the same data and port; resolves when it answers.
   *
   * @param more Arguments after those of before.
   */
  start(more?: readonly string[]): Promise<void>;
  /** Stops it and removes its data. */
  remove(): Promise<void>;
}

/**
 * Starts a server from its package, whatever else runs or is in the
 * environment.
 *
 * @throws {MissingError} where the server cannot be had on this machine
 */
export async function startPrivateServer(
  definition: DatabaseDefinition,
  { args = [], prepare }: PrivateServerOptions = {},
): Promise<PrivateServer> {
  const name = `evtstore-${definition.name}-`;
  const folder = mkdtempSync(join(realpathSync(tmpdir()), name));
  let running: { pid: number; command: ServerCommand } | undefined;

  const stop = async (signal?: StopSignal): Promise<void> => {
    if (running === undefined) return;
    const { pid, command } = running;
    await stopServer(folder, pid, signal ?? command.stopSignal);
    await forgotten(pid);
    running = undefined;
  };
  const remove = async (): Promise<void> => {
    await stop("SIGKILL");
    rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
  };
  const start = async (command: ServerCommand): Promise<void> => {
    const log = join(folder, "server.log");
    const pid = await launch(command, folder, log);
    running = { pid, command };
    const reason = await waitForAnswer(
      () => definition.ask(command.url),
      { timeout: PATIENCE_MS, isAlive: () => isServerOf(folder, pid) },
    );
    if (reason === undefined) return;
    const tail = lastLines(readFileSync(log, "utf8"), 15);
    throw new Error(`${definition.name} does not answer: ${reason}\n${tail}`);
  };

  try {
    await prepare?.(folder);
    const given = await definition.start({
      folder,
      port: await freePort(),
      packages: join(workFolder(), "packages"),
      mayInstall: mayInstall(process.env),
      say: () => {},
    });
    const command = { ...given, args: [...given.args, ...args] };
    await start(command);
    const { url, program, user } = command;
    return {
      url,
      folder,
      program,
      user,
      stop,
      start: (more = []) =>
        start({ ...command, args: [...command.args, ...more] }),
      remove,
    };
  } catch (error) {
    await remove();
    throw error;
  }
}
