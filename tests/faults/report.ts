/**
 * Tries all faults for long, and prints a line for each database:
 *
 *     deno run -A tests/faults/report.ts [DATABASE…]
 *
 * EVTSTORE_KILLS, EVTSTORE_CUTS and EVTSTORE_RESTARTS say how often: 50, 300
 * and 10 unless set. Names of databases are those that it prints.
 *
 * @module
 */
import process from "node:process";
import { cutConnections } from "./cuts.ts";
import { type FaultDatabase, findFaultDatabases } from "./databases.ts";
import { killHandlers } from "./kills.ts";
import { pauseHandlers } from "./pauses.ts";
import { withSeed } from "./random.ts";
import { restartServer } from "./restarts.ts";

/** What is added up over all faults. */
const COLUMNS = [
  "events",
  "skipped",
  "lost",
  "duplicated",
  "repeated",
  "unknown",
  "races",
  "kills",
  "cuts",
  "restarts",
  "pauses",
] as const;
const PAUSE_MS = 9000;

type Totals = Partial<Record<typeof COLUMNS[number], number>>;

const times = (name: string, usual: number) =>
  Number(process.env[`EVTSTORE_${name}`] ?? usual);
const wanted = process.argv.slice(2);
const databases = (await findFaultDatabases()).filter(({ name }) =>
  wanted.length === 0 || wanted.includes(name)
);

console.log(["database", ...COLUMNS].join("\t"));
for (const database of databases) {
  const totals: Totals = {};
  const tries = [
    () =>
      withSeed((random) => killHandlers(database, random, times("KILLS", 50))),
    () => withSeed((random) => pauseHandlers(database, random, PAUSE_MS)),
    ...(database.server === undefined ? [] : [
      () =>
        withSeed((random) =>
          cutConnections(database, random, times("CUTS", 300))
        ),
      () => restart(database),
    ]),
  ];
  const failures: string[] = [];
  for (const attempt of tries) {
    try {
      const counts = await attempt() as Totals;
      for (const column of COLUMNS) {
        totals[column] = (totals[column] ?? 0) + (counts[column] ?? 0);
      }
    } catch (error) {
      process.exitCode = 1;
      failures.push((error as Error).message);
    }
  }
  const { skipped = 0, lost = 0, duplicated = 0 } = totals;
  if (skipped + lost + duplicated > 0) process.exitCode = 1;
  console.log(
    [database.name, ...COLUMNS.map((column) => totals[column] ?? 0)].join("\t"),
  );
  for (const failure of failures) console.error(`${database.name}: ${failure}`);
}
process.exit();

async function restart(database: FaultDatabase): Promise<Totals> {
  const counts = await withSeed((random) =>
    restartServer([database], random, times("RESTARTS", 10))
  );
  return counts.get(database)!;
}
