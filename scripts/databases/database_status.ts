import { selectDatabases } from "./all.ts";
import type { DatabaseDefinition } from "./definition.ts";
import { messageOf } from "./ready.ts";
import { isRunning } from "./running.ts";
import { addressOf } from "./start_databases.ts";
import type { StartedDatabase, StartedDatabases } from "./started_database.ts";
import { readState, type State } from "./state.ts";

/** How the databases are now; starts nothing. */
export async function databaseStatus(
  names?: readonly string[],
): Promise<StartedDatabases> {
  const state = readState();
  return await Promise.all(
    selectDatabases(names).map((definition) => status(definition, state)),
  );
}

async function status(
  definition: DatabaseDefinition,
  state: State,
): Promise<StartedDatabase> {
  const { name, environmentVariable } = definition;
  const missing = (reason: string): StartedDatabase => (
    { name, environmentVariable, status: "missing", reason }
  );
  const address = addressOf(definition);
  const record = state[name];
  const url = address ?? record?.url;
  if (url === undefined) return missing("not started");
  if (address === undefined && !await isRunning(definition, record)) {
    return missing("ended by itself: start it again with 'up'");
  }
  try {
    await definition.ask(url);
  } catch (error) {
    return missing(`does not answer: ${messageOf(error)}`);
  }
  return {
    name,
    environmentVariable,
    status: "running",
    url,
    startedByUs: false,
    via: address === undefined ? record?.via ?? "package" : "environment",
  };
}
