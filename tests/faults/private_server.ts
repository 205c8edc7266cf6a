import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { selectDatabases } from "../../scripts/databases/all.ts";
import { workFolder } from "../../scripts/databases/cache.ts";
import { isContinuousIntegration } from "../../scripts/databases/install_policy.ts";
import { freePort } from "../../scripts/databases/port.ts";
import { launch, stopServer } from "../../scripts/databases/process.ts";
import { waitForAnswer } from "../../scripts/databases/ready.ts";

/** How long a server may take to answer, in milliseconds: Java is slow. */
const PATIENCE = 90_000;

/** A server of a test's own, to be killed. */
export type PrivateServer = {
  url: string;
  /** Ends it as a loss of power does. */
  kill(): Promise<void>;
  /** Starts it again on the same data and port. */
  start(): Promise<void>;
  /** Ends it, and removes its data. */
  remove(): Promise<void>;
};

/**
 * Starts a server from its package.
 *
 * @param name Its name in `scripts/databases.ts`.
 * @throws {MissingError} Where it cannot be had.
 */
export async function startPrivateServer(name: string): Promise<PrivateServer> {
  const [definition] = selectDatabases([name]);
  // Servers that run as somebody else must be able to enter it.
  const folder = mkdtempSync(join(tmpdir(), "evtstore-server-"));
  const context = {
    folder,
    port: await freePort(),
    packages: join(workFolder(), "packages"),
    mayInstall: isContinuousIntegration(process.env),
    say: () => {},
  };
  let pid = 0;
  const server: PrivateServer = {
    url: "",
    kill: () => stopServer(folder, pid, "SIGKILL"),
    async start() {
      const command = await definition!.start(context);
      server.url = command.url;
      pid = await launch(command, folder, join(folder, "server.log"));
      const reason = await waitForAnswer(
        () => definition!.ask(command.url),
        { timeout: PATIENCE },
      );
      if (reason !== undefined) {
        throw new Error(`Cannot start a private ${name}: ${reason}`);
      }
    },
    async remove() {
      if (pid > 0) await server.kill();
      // A killed server's children write to the end.
      if (existsSync(folder)) {
        rmSync(folder, { recursive: true, maxRetries: 5, retryDelay: 200 });
      }
    },
  };
  try {
    await server.start();
    return server;
  } catch (error) {
    await server.remove();
    throw error;
  }
}
