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
 * Starts a server of a test's own. Where it cannot be had one line says so, and
 * in CI it is an error.
 */
export async function startIfThere(
  definition: DatabaseDefinition,
  options: PrivateServerOptions,
): Promise<PrivateServer | undefined> {
  try {
    return await startPrivateServer(definition, options);
  } catch (error) {
    const isMissing = error instanceof MissingError;
    if (!isMissing || isContinuousIntegration(process.env)) throw error;
    console.warn(`Not tested on a ${definition.name} of its own: ${error}`);
    return undefined;
  }
}

/** Runs a test on a server of its own, if there is one, which is gone afterwards. */
export async function withPrivateServer(
  definition: DatabaseDefinition,
  options: PrivateServerOptions,
  test: (server: PrivateServer) => Promise<void>,
): Promise<void> {
  const server = await startIfThere(definition, options);
  if (!server) return;
  try {
    await test(server);
  } finally {
    await server.remove();
  }
}
