import { killHandlers } from "./kills.ts";
import { pauseHandlers } from "./pauses.ts";
import { restartServer } from "./restarts.ts";
import { noServer, passOutage } from "./outages.ts";
import { cutConnections } from "./cuts.ts";
import { withSeed } from "./random.ts";
import process from "node:process";
const db = {
  name: "NATS",
  scheme: "nats",
  server: "nats",
  url: process.env.NATS_URL!,
};
const runs: Record<string, () => Promise<any>> = {
  cuts: () => withSeed((r) => cutConnections(db, r, 20)),
  kills: () => withSeed((r) => killHandlers(db, r, 5)),
  outage: () => passOutage(db, noServer(5)),
  pauses: () => withSeed((r) => pauseHandlers(db, r, 7000)),
  restart: async () => [
    ...(await withSeed((r) => restartServer([db], r, 3))).values(),
  ],
};
for (const name of process.argv.slice(2)) {
  const start = performance.now();
  console.log(
    name,
    JSON.stringify(await runs[name]!()),
    Math.round(performance.now() - start),
  );
}
process.exit(0);
