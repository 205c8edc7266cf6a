import process from "node:process";
import type { TestContext } from "node:test";
import {
  type DatabaseDefinition,
  MissingError,
} from "../../../scripts/databases/definition.ts";
import { isContinuousIntegration } from "../../../scripts/databases/install_policy.ts";
import { startPrivateServer } from "../../../scripts/databases/private_server.ts";
import { messageOf } from "../../../scripts/databases/ready.ts";

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
 * Starts a server from its package for the time of a test; undefined, with a
 * note, where it cannot be had.
 *
 * @param more Arguments of the server.
 */
export async function startOwnServer(
  t: TestContext,
  definition: DatabaseDefinition,
  more: string[] = [],
): Promise<OwnServer | undefined> {
  try {
    const server = await startPrivateServer(definition, { args: more });
    const closing: OwnServer["closing"] = [];
    t.after(async () => {
      for (const close of closing) await close();
      await server.remove();
    });
    return {
      url: server.url,
      closing,
      kill: () => server.stop("SIGKILL"),
      restart: () => server.start(),
    };
  } catch (error) {
    const isMissing = error instanceof MissingError;
    if (!isMissing || isContinuousIntegration(process.env)) throw error;
    t.diagnostic?.(`no server to kill: ${messageOf(error)}`);
    return undefined;
  }
}
