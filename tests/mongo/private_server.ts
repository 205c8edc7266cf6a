import type { TestContext } from "node:test";
import { mongodb } from "../../scripts/databases/mongodb.ts";
import {
  type OwnServer,
  startOwnServer,
} from "../providers/support/own_server.ts";

/** A server of the test's own, to be killed. */
export type PrivateServer = OwnServer;

/** Starts a server on which commands can be made to fail. */
export function startPrivateServer(
  t: TestContext,
  more: string[] = [],
): Promise<PrivateServer | undefined> {
  return startOwnServer(t, mongodb, ["--enable-test-commands", ...more]);
}
