import process from "node:process";
import { databaseStatus } from "../../../scripts/databases.ts";

/**
 * The address of a test database, from `deno task databases up` or the
 * environment. Without one there is a note, and in CI an error: no test is
 * left out there without a word.
 */
export async function findDatabase(name: string): Promise<string | undefined> {
  const [database] = await databaseStatus([name]);
  if (database?.status === "running") return database.url;
  const reason = `No tests on ${name}: ${
    database?.reason ?? "it is unknown"
  }; start it with "deno task databases up"`;
  if (process.env.CI) throw new Error(reason);
  console.warn(reason);
  return undefined;
}
