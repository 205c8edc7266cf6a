import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { type FaultDatabase, findFaultDatabases } from "./databases.ts";
import { isLong } from "./each.ts";
import { withSeed } from "./random.ts";
import { restartServer } from "./restarts.ts";

const RESTARTS = isLong ? 10 : 1;

const servers = Map.groupBy(
  (await findFaultDatabases()).filter(({ server }) => server !== undefined),
  ({ server }) => server!,
);
type Counts = Awaited<ReturnType<typeof restartServer>>;
let running: Map<string, Promise<Counts>> | undefined;

/** All servers at once: most of the time is waiting for one to start. */
function runAll(): Map<string, Promise<Counts>> {
  return new Map([...servers].map(([server, databases]) => {
    const counts = withSeed((random) =>
      restartServer(databases as FaultDatabase[], random, RESTARTS)
    );
    // It is reported by its own test.
    counts.catch(() => {});
    return [server, counts];
  }));
}

describe("a server that is killed under load and started again", () => {
  for (const [server, databases] of servers) {
    it(`${server}: answers were true, and handlers go on`, async (t) => {
      running ??= runAll();
      const counts = await running.get(server)!;
      for (const database of databases) {
        const { skipped, lost, duplicated, invented, unordered, ...rest } =
          counts.get(database)!;
        assert.deepEqual(
          { skipped, lost, duplicated, invented, unordered },
          { skipped: 0, lost: 0, duplicated: 0, invented: 0, unordered: 0 },
        );
        if (isLong) t.diagnostic?.(`${database.name} ${JSON.stringify(rest)}`);
      }
    });
  }
});
