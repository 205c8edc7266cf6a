import { existsSync, rmSync } from "node:fs";
import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import type { TestContext } from "node:test";
import { workFolder } from "../../scripts/databases/cache.ts";
import { MissingError } from "../../scripts/databases/definition.ts";
import { isContinuousIntegration } from "../../scripts/databases/install_policy.ts";
import { mongodb } from "../../scripts/databases/mongodb.ts";
import { freePort } from "../../scripts/databases/port.ts";
import { launch, stopServer } from "../../scripts/databases/process.ts";
import { messageOf, waitForAnswer } from "../../scripts/databases/ready.ts";

/** A server of the test's own, to be killed. */
export type PrivateServer = {
  url: string;
  /** What is closed before it ends: a driver waits long for a lost server. */
  closing: (() => Promise<void>)[];
  /** Ends it as a loss of power does. */
  kill(): Promise<void>;
  /** Starts it again on the same data and port. */
  restart(): Promise<void>;
};

/**
 * Starts a server from its package, on which commands can be made to fail;
 * undefined, with a note, where it cannot be had.
 *
 * @param more Arguments of the server.
 */
export async function startPrivateServer(
  t: TestContext,
  more: string[] = [],
): Promise<PrivateServer | undefined> {
  const folder = mkdtempSync(join(tmpdir(), "evtstore-mongodb-"));
  const port = await freePort();
  const context = {
    folder,
    port,
    packages: join(workFolder(), "packages"),
    mayInstall: isContinuousIntegration(process.env),
    say: () => {},
  };
  try {
    const command = await mongodb.start(context);
    const args = [...command.args, "--enable-test-commands", ...more];
    let pid = 0;
    const start = async () => {
      const log = join(folder, "server.log");
      pid = await launch({ ...command, args }, folder, log);
      const reason = await waitForAnswer(
        () => mongodb.ask(command.url),
        { timeout: 30_000 },
      );
      if (reason !== undefined) throw new Error(reason);
    };
    const kill = () => stopServer(folder, pid, "SIGKILL");
    const closing: PrivateServer["closing"] = [];
    t.after(async () => {
      for (const close of closing) await close();
      await kill();
      if (existsSync(folder)) {
        rmSync(folder, { recursive: true, maxRetries: 5 });
      }
    });
    await start();
    return { url: command.url, closing, kill, restart: start };
  } catch (error) {
    if (!(error instanceof MissingError)) throw error;
    if (isContinuousIntegration(process.env)) throw error;
    t.diagnostic?.(`no server to kill: ${messageOf(error)}`);
    return undefined;
  }
}
