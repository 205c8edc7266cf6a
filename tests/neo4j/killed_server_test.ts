import { createHandler } from "evtstore";
import assert from "node:assert/strict";
import { test, type TestContext } from "node:test";
import { neo4j } from "../../scripts/databases/neo4j.ts";
import { createProvider, cypher, migrate } from "../../providers/neo4j.ts";
import {
  appendTo,
  isLong,
  openDriver,
  ownLabels,
  until,
} from "../providers/support/neo4j.ts";
import {
  type OwnServer,
  startOwnServer,
} from "../providers/support/own_server.ts";
import { startWorker } from "./start_worker.ts";

const ROUNDS = 2;
/** How many events are stored before each kill, at the least. */
const EVENTS = 100;
const PATIENCE = 300_000;

// The server takes its time to start, twice.
if (isLong) {
  test("a server that is killed under load loses nothing, and all go on by themselves", async (t) => {
    const server = await startOwnServer(t, neo4j);
    if (server) await killUnderLoad(t, server);
  });
}

async function killUnderLoad(t: TestContext, server: OwnServer): Promise<void> {
  const client = openDriver(server.url);
  server.closing.push(() => client.close());
  const labels = ownLabels();
  await migrate({ client, ...labels });
  // A server that is back within seconds is waited for, and nothing reported.
  const provider = createProvider({ client, ...labels, onError: () => {} });

  const seen: number[] = [];
  const handler = createHandler<any>({
    bookmark: "tail",
    streams: ["s"],
    provider,
  });
  handler.handle("s", "Written", async (_id, _event, { position }) => {
    seen.push(position);
  });
  handler.start();

  const { events, bookmarks } = labels;
  const workers = ["a", "b"].map((name) =>
    startWorker(t, server.url, events, bookmarks, "write", name)
  );
  const acknowledged = () =>
    workers.flatMap((worker) => worker.lines()).map((line) =>
      line.replace("stored ", "")
    );
  for (let round = 1; round <= ROUNDS; round++) {
    const start = seen.length;
    await until(() => seen.length > start + EVENTS, PATIENCE);
    await server.kill();
    await server.restart();
    // Writers and handler were told nothing.
    const end = acknowledged().length;
    await until(() => acknowledged().length > end + 20, PATIENCE);
  }
  for (const worker of workers) worker.kill("SIGKILL");

  const [last] = await appendTo(provider, "s", "last", 1);
  await until(() => seen.at(-1)! >= last!.position, PATIENCE);
  await handler.stop();
  const rows = await cypher<any>(
    client,
    `MATCH (e:${events}) RETURN e.aggregateId + " " + toString(e.version) AS name,
  e._position AS position ORDER BY position`,
  );
  const positions = rows.map(({ position }) => Number(String(position)));
  const stored = new Set(rows.map(({ name }) => name));
  const told = acknowledged();
  assert.deepEqual(told.filter((name) => !stored.has(name)), [], "lost");
  assert.deepEqual(positions, positions.map((_, at) => at + 1), "dense");
  // After the loss of a connection some may come twice, and none is left out.
  assert.deepEqual([...new Set(seen)], positions, "skipped");
  t.diagnostic(
    `${ROUNDS} kills: ${told.length} events acknowledged and ${stored.size} stored, lost 0, skipped 0`,
  );
}
