import { join } from "node:path";
import { askMongodb } from "./clients.ts";
import type {
  DatabaseDefinition,
  ServerCommand,
  StartContext,
} from "./definition.ts";
import { fetchPythonPackage } from "./python.ts";
import { makeFolder } from "./server_user.ts";

const serverVersion = "0.7.0b3";

/**
 * From Docker or an address a real MongoDB. No package has that: from PyPI
 * comes SecantusDB, which speaks its protocol on MongoDB's own storage engine.
 */
export const mongodb: DatabaseDefinition = {
  name: "mongodb",
  environmentVariable: "MONGODB_URL",
  composeService: "mongo",
  composeUrl: "mongodb://127.0.0.1:17017/evtstore?replicaSet=rs0",
  ask: askMongodb,
  start: startMongodb,
};

async function startMongodb(context: StartContext): Promise<ServerCommand> {
  const environment = await fetchPythonPackage(
    { name: "secantusdb", version: serverVersion },
    context,
  );
  const { folder, port } = context;
  makeFolder(folder, undefined);
  return {
    program: join(environment, "bin", "secantusd-py"),
    args: [
      "--host",
      "127.0.0.1",
      "--port",
      String(port),
      "--storage-path",
      join(folder, "data"),
      // Without it a killed server has lost commits that it had acknowledged.
      "--sync-on-commit",
      "--log-level",
      "WARNING",
    ],
    url: `mongodb://127.0.0.1:${port}/evtstore`,
    stopSignal: "SIGTERM",
    user: undefined,
  };
}
