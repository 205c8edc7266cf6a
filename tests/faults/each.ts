import process from "node:process";
import { test } from "node:test";
import { type FaultDatabase, findFaultDatabases } from "./databases.ts";

/** The long form runs for minutes, and finds what is rare. */
export const isLong: boolean = process.env.EVTSTORE_LONG === "1";

/**
 * Registers a test for each database. They run beside one another, as most of
 * their time is waiting for processes and servers.
 *
 * @param isMeant Which databases it is about. @default {all}
 */
export async function testEach(
  title: string,
  run: (database: FaultDatabase) => Promise<object>,
  isMeant: (database: FaultDatabase) => boolean = () => true,
): Promise<void> {
  const databases = (await findFaultDatabases()).filter(isMeant);
  let runs: Map<FaultDatabase, Promise<object>> | undefined;
  for (const database of databases) {
    test(`${database.name}: ${title}`, async (t) => {
      runs ??= new Map(databases.map((one) => {
        const running = run(one);
        // It is reported by its own test.
        running.catch(() => {});
        return [one, running];
      }));
      const counts = await runs.get(database);
      if (isLong) t.diagnostic?.(JSON.stringify(counts));
    });
  }
}
