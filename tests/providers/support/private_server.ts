import process from "node:process";
import {
  type DatabaseDefinition,
  MissingError,
} from "../../../scripts/databases/definition.ts";
import { isContinuousIntegration } from "../../../scripts/databases/install_policy.ts";
import {
  type PrivateServer,
  type PrivateServerOptions,
  startPrivateServer,
} from "../../../scripts/databases/private_server.ts";

export type { PrivateServer };

/**
 * Runs a test on a server of its own, which is gone afterwards. Where it cannot
 * be had one line says so, and in CI it is an error.
 */
export async function withPrivateServer(
  definition: DatabaseDefinition,
  options: PrivateServerOptions,
  test: (server: PrivateServer) => Promise<void>,
): Promise<void> {
  let server: PrivateServer;
  try {
    server = await startPrivateServer(definition, options);
  } catch (error) {
    const isMissing = error instanceof MissingError;
    if (!isMissing || isContinuousIntegration(process.env)) throw error;
    console.warn(`Not tested on a ${definition.name} of its own: ${error}`);
    return;
  }
  try {
    await test(server);
  } finally {
    await server.remove();
  }
}
