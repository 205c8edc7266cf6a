import assert from "node:assert/strict";
import { nats } from "../../scripts/databases/nats.ts";
import { startOwnServer } from "../providers/support/own_server.ts";
import { openNats } from "../providers/support/nats.ts";
import {
  compareLog,
  isLong,
  nameOf,
  onNats,
  readAll,
  sleep,
  startWorker,
  until,
} from "./support.ts";

const KILLS = isLong ? 20 : 3;
const PROCESSES = 2;

onNats(
  "a server that is killed under load of two processes: what it acknowledged is there, and handlers miss nothing",
  async (t) => {
    const server = await startOwnServer(t, nats);
    if (!server) return;
    const { provider, name, close } = await openNats(server.url);
    server.closing.push(close);
    const handler = startWorker(t, server.url, name, "h", "handle");
    const writers = Array.from(
      { length: PROCESSES },
      (_, index) => startWorker(t, server.url, name, `w${index}`, "write", "2"),
    );
    const acknowledged = () => writers.flatMap(({ lines }) => lines());
    for (let kill = 1; kill <= KILLS; kill++) {
      const before = acknowledged().length;
      await until(
        `load before kill ${kill}`,
        () => acknowledged().length > before + 100,
      );
      await server.kill();
      await sleep(Math.random() * 200);
      await server.restart();
    }
    const before = acknowledged().length;
    await until("writers go on", () => acknowledged().length > before + 50);
    for (const { child } of writers) child.stdin!.end();
    await Promise.all(writers.map(({ ended }) => ended));

    const log = await readAll(provider, "written");
    const counts = compareLog(log, acknowledged());
    const { lost, unordered, duplicated } = counts;
    assert.deepEqual(
      { lost, unordered, duplicated },
      { lost: [], unordered: [], duplicated: [] },
    );
    await until(
      "the handler",
      () => new Set(handler.lines()).size >= log.length,
    );
    // What came again came in order.
    assert.deepEqual([...new Set(handler.lines())], log.map(nameOf));
    t.diagnostic(
      `${KILLS} kills of the server: ${counts.acknowledged} events acknowledged, ${counts.stored} stored, lost 0, duplicated 0, missed 0`,
    );
  },
);
