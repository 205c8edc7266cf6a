import type { TestContext } from "node:test";
import type { DatabaseDefinition } from "../../../scripts/databases/definition.ts";
import { startIfThere } from "./private_server.ts";

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
 * Starts a server for the time of a test, if there is one.
 *
 * @param more Arguments of the server.
 */
export async function startOwnServer(
  t: TestContext,
  definition: DatabaseDefinition,
  more: string[] = [],
): Promise<OwnServer | undefined> {
  const server = await startIfThere(definition, { args: more });
  if (!server) return undefined;
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
}
