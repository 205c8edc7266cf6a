/**
 * Finds, starts and stops the databases that the tests run on:
 *
 *     deno run -A scripts/databases.ts up|down|status
 *       [--only postgres18,mariadb] [--install] [--json]
 */
import process from "node:process";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { selectDatabases } from "./databases/all.ts";
import { databaseStatus } from "./databases/database_status.ts";
import { isContinuousIntegration } from "./databases/install_policy.ts";
import { messageOf } from "./databases/ready.ts";
import { renderDatabases } from "./databases/render.ts";
import { startDatabases } from "./databases/start_databases.ts";
import { stopDatabases } from "./databases/stop_databases.ts";

export { databases } from "./databases/all.ts";
export { databaseStatus } from "./databases/database_status.ts";
export type { DatabaseDefinition } from "./databases/definition.ts";
export {
  startDatabases,
  type StartOptions,
} from "./databases/start_databases.ts";
export type {
  MissingDatabase,
  RunningDatabase,
  StartedDatabase,
  StartedDatabases,
} from "./databases/started_database.ts";
export { stopDatabases } from "./databases/stop_databases.ts";

const usage = "Usage: databases.ts up|down|status " +
  "[--only NAME,NAME] [--install] [--json]";

async function main(args: string[]): Promise<number> {
  const { values, positionals } = parseArgs({
    args,
    allowPositionals: true,
    options: {
      only: { type: "string" },
      install: { type: "boolean" },
      json: { type: "boolean" },
    },
  });
  const names = values.only?.split(",").map((name) => name.trim());
  const say = (message: string): void => console.error(message);
  // Before anything is done, and for "down" too: a name may be misspelled.
  selectDatabases(names);
  switch (positionals.join(" ")) {
    case "up": {
      const started = await startDatabases(names, {
        say,
        ...values.install === undefined ? {} : { install: values.install },
      });
      console.log(renderDatabases(started, values.json === true));
      const isComplete = started.every((each) => each.status === "running");
      return isComplete || !isContinuousIntegration(process.env) ? 0 : 1;
    }
    case "status":
      console.log(
        renderDatabases(await databaseStatus(names), values.json === true),
      );
      return 0;
    case "down":
      await stopDatabases(names, say);
      return 0;
    default:
      console.error(usage);
      return 2;
  }
}

// Node before 24.2 does not have import.meta.main.
if (
  import.meta.main ?? process.argv[1] === fileURLToPath(import.meta.url)
) {
  try {
    process.exitCode = await main(process.argv.slice(2));
  } catch (error) {
    console.error(messageOf(error));
    process.exitCode = 1;
  }
}
