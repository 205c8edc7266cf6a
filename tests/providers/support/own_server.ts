import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import type { TestContext } from "node:test";
import { workFolder } from "../../../scripts/databases/cache.ts";
import {
  type DatabaseDefinition,
  MissingError,
} from "../../../scripts/databases/definition.ts";
import { isContinuousIntegration } from "../../../scripts/databases/install_policy.ts";
import { freePort } from "../../../scripts/databases/port.ts";
import { launch, stopServer } from "../../../scripts/databases/process.ts";
import { messageOf, waitForAnswer } from "../../../scripts/databases/ready.ts";

/** A server of the test's own, to be killed. */
export type OwnServer = {
  url: string;
  /** What is closed before it ends: a driver waits long for a lost server. */
  closing: (() => Promise<void>)[];
  /** Ends it as a loss of power does. */
  kill(): Promise<void>;
  /** Starts it again on the same data and port. */
  restart(): Promise<void>;
};

/**
 * Starts a server from its package; undefined, with a note, where it cannot be
 * had.
 *
 * @param more Arguments of the server.
 */
export async function startOwnServer(
  t: TestContext,
  definition: DatabaseDefinition,
  more: string[] = [],
): Promise<OwnServer | undefined> {
  const folder = mkdtempSync(join(tmpdir(), `evtstore-${definition.name}-`));
  const context = {
    folder,
    port: await freePort(),
    packages: join(workFolder(), "packages"),
    mayInstall: isContinuousIntegration(process.env),
    say: () => {},
  };
  try {
    const command = await definition.start(context);
    const args = [...command.args, ...more];
    let pid = 0;
    const start = async () => {
      const log = join(folder, "server.log");
      pid = await launch({ ...command, args }, folder, log);
      const reason = await waitForAnswer(
        () => definition.ask(command.url),
        { timeout: 180_000 },
      );
      if (reason !== undefined) throw new Error(reason);
    };
    const kill = () => stopServer(folder, pid, "SIGKILL");
    const closing: OwnServer["closing"] = [];
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
