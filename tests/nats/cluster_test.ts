import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import type { TestContext } from "node:test";
import type { NatsConnection } from "@nats-io/transport-node";
import { StoreError } from "evtstore";
import { natsCluster } from "../../scripts/databases/nats.ts";
import { startIfThere } from "../providers/support/private_server.ts";
import { type NatsTestLog, openNats } from "../providers/support/nats.ts";
import {
  appendTo,
  compareLog,
  isLong,
  nameOf,
  onNats,
  readAll,
  sleep,
  startWorker,
  until,
} from "./support.ts";

const KILLS = 10;
const PAUSES = 2;
const PAUSE_MS = 12_000;
const PROCESSES = 4;
const NODES = ["n1", "n2", "n3"];

const READS = 500;

if (isLong) {
  onNats(
    "what a cluster has acknowledged is read at once by another process, whichever server answers",
    async (t) => {
      const cluster = await startCluster(t);
      if (!cluster) return;
      const { provider, connection, name, another } = cluster;
      const reader = await another();
      const wrong: string[] = [];
      let behind = 0;
      let position = 0;
      for (let version = 1; version <= READS; version++) {
        const [appended] = await appendTo(provider, "ada", version);
        // As the servers answer whom nobody asks again.
        const plain = connection.request(
          `$JS.API.DIRECT.GET.${name}`,
          JSON.stringify({ seq: version }),
          { timeout: 5000 },
        );
        const [page, events, last] = await Promise.all([
          reader.getEventsFrom("counters", position),
          reader.getEventsFor("counters", "ada", position),
          reader.getLastEventFor("counters", "ada"),
        ]);
        for (const one of [page.at(-1), events.at(-1), last]) {
          if (one?.version !== version) wrong.push(`${version}`);
        }
        if ((await plain).headers?.code === 404) behind++;
        await reader.records.put("kind", `${version}`, version, {
          revision: 0,
        });
        const listed = await provider.records.list("kind", { limit: READS });
        if (listed.length !== version) wrong.push(`record ${version}`);
        position = appended!;
      }
      assert.deepEqual(wrong, []);
      t.diagnostic(
        `${READS} appends, each read at once: stale 0; of plain reads ${behind}`,
      );
    },
  );

  onNats(
    "a cluster without a majority says so, and goes on when it has one",
    async (t) => {
      const cluster = await startCluster(t, { timeoutMs: 4000 });
      if (!cluster) return;
      const { provider, connection, name } = cluster;
      const leader = await leaderOf(connection, name);
      const others = NODES.filter((node) => node !== leader);
      const signal = (signal: NodeJS.Signals) =>
        others.forEach((node) => cluster.signal(node, signal));
      await appendTo(provider, "ada", 1);
      signal("SIGSTOP");
      const codes: string[] = [];
      for (let id = 1; id <= 5; id++) {
        const error = await appendTo(provider, `${id}`, 1).then(
          () => "stored",
          (error) => error,
        );
        assert(error instanceof StoreError, String(error));
        codes.push(error.code);
      }
      signal("SIGCONT");
      const expected = ["CONNECTION_LOST", "OUTCOME_UNKNOWN", "STORE_BUSY"];
      assert.deepEqual(codes.filter((code) => !expected.includes(code)), []);
      await until(
        "the cluster to go on",
        () => appendTo(provider, "bob", 1).then(() => true, () => false),
      );
      const log = await readAll(provider, "counters");
      const stored = new Set(log.map(nameOf));
      // What was refused is not there; of the rest nobody could know.
      const refused = codes.flatMap((code, index) =>
        code === "OUTCOME_UNKNOWN" ? [] : [`${index + 1} 1`]
      );
      assert.deepEqual(refused.filter((one) => stored.has(one)), []);
      assert(stored.has("ada 1"));
      t.diagnostic(`without a majority: ${codes.join(", ")}`);
    },
  );

  onNats(
    "a cluster whose leader is killed and paused, and then all of it, under load: nothing is lost, stored twice or missed",
    async (t) => {
      const cluster = await startCluster(t);
      if (!cluster) return;
      const { provider, connection, name, url, signal } = cluster;
      const handlers = ["h1", "h2"].map((own) =>
        startWorker(t, url, name, own, "handle")
      );
      const writers = Array.from(
        { length: PROCESSES },
        (_, index) => startWorker(t, url, name, `w${index}`, "write", "3"),
      );
      const acknowledged = () => writers.flatMap(({ lines }) => lines());
      const goOn = async (what: string) => {
        const before = acknowledged().length;
        await until(what, () => acknowledged().length > before + 200, 120_000);
      };
      for (let kill = 1; kill <= KILLS; kill++) {
        await goOn(`writers go on before kill ${kill}`);
        signal(await leaderOf(connection, name), "SIGKILL");
      }
      for (let pause = 1; pause <= PAUSES; pause++) {
        await goOn(`writers go on before pause ${pause}`);
        const leader = await leaderOf(connection, name);
        signal(leader, "SIGSTOP");
        await sleep(PAUSE_MS);
        signal(leader, "SIGCONT");
      }
      await goOn("writers go on before all are killed");
      for (const node of NODES) signal(node, "SIGKILL");
      await goOn("writers go on at last");
      for (const { child } of writers) child.stdin!.end();
      await Promise.all(writers.map(({ ended }) => ended));

      const log = await readAll(provider, "written");
      const counts = compareLog(log, acknowledged());
      const { lost, unordered, duplicated } = counts;
      assert.deepEqual(
        { lost, unordered, duplicated },
        { lost: [], unordered: [], duplicated: [] },
      );
      const handled = () => handlers.flatMap(({ lines }) => lines());
      await until(
        "the handlers",
        () => new Set(handled()).size >= log.length,
        120_000,
      );
      assert.deepEqual(
        foldOf([...new Set(handled())]),
        foldOf(log.map(nameOf)),
        "the read model",
      );
      assert.deepEqual(countUnordered(handlers.map(({ lines }) => lines())), 0);
      const gap = longestGap(writers.flatMap(({ times }) => times()));
      t.diagnostic(
        `${KILLS} kills and ${PAUSES} pauses of the leader, one kill of all: ${counts.acknowledged} events acknowledged by ${PROCESSES} processes, ${counts.stored} stored, lost 0, duplicated 0, missed 0, handled again ${
          handled().length - log.length
        }; the longest time without a write ${Math.round(gap)} ms`,
      );
    },
  );
}

/** A cluster of the test's own with an empty log, and a way to its servers. */
async function startCluster(
  t: TestContext,
  options: { timeoutMs?: number } = {},
): Promise<
  | NatsTestLog & {
    url: string;
    signal(node: string, signal: NodeJS.Signals): void;
  }
  | undefined
> {
  const server = await startIfThere(natsCluster, {});
  if (!server) return undefined;
  const log = await openNats(server.url, { replicas: 3, ...options });
  const signal = (node: string, signal: NodeJS.Signals) => {
    const file = join(server.folder, `${node}.pid`);
    process.kill(Number(readFileSync(file, "utf8")), signal);
  };
  t.after(async () => {
    for (const node of NODES) {
      try {
        // One that stands still does not end.
        signal(node, "SIGCONT");
      } catch {
        // It has ended.
      }
    }
    await log.close();
    // Killed, it could not end the servers that it keeps running.
    await server.stop("SIGTERM");
    await server.remove();
  });
  return { ...log, url: server.url, signal };
}

/** Who leads the stream; asked until somebody does. */
async function leaderOf(
  connection: NatsConnection,
  name: string,
): Promise<string> {
  let leader: string | undefined;
  await until("a leader", async () => {
    try {
      const answer = await connection.request(
        `$JS.API.STREAM.INFO.${name}`,
        "",
        {
          timeout: 2000,
        },
      );
      leader = answer.json<any>().cluster?.leader;
    } catch {
      // There is none now.
    }
    return leader !== undefined && leader !== "";
  });
  return leader!;
}

/** How many events each aggregate has, and up to which version. */
function foldOf(
  names: string[],
): Record<string, { count: number; last: number }> {
  const model: Record<string, { count: number; last: number }> = {};
  for (const name of names) {
    const [aggregateId = "", version] = name.split(" ");
    const found = model[aggregateId] ??= { count: 0, last: 0 };
    found.count++;
    found.last = Math.max(found.last, Number(version));
  }
  return Object.fromEntries(
    Object.entries(model).sort(([a], [b]) => a < b ? -1 : 1),
  );
}

/** Events that a handler was given before an older one of their aggregate. */
function countUnordered(runs: string[][]): number {
  let count = 0;
  const highest = new Map<string, number>();
  for (const run of runs) {
    const own = new Map<string, number>();
    for (const name of run) {
      const [aggregateId = "", text] = name.split(" ");
      const version = Number(text);
      const before = own.get(aggregateId);
      // What comes again begins anywhere, and goes on one by one.
      if (before !== undefined && version > before + 1) {
        if (version > (highest.get(aggregateId) ?? 0) + 1) count++;
      }
      own.set(aggregateId, version);
      highest.set(
        aggregateId,
        Math.max(version, highest.get(aggregateId) ?? 0),
      );
    }
  }
  return count;
}

function longestGap(times: number[]): number {
  const sorted = times.toSorted((a, b) => a - b);
  return sorted.slice(1).reduce(
    (longest, time, index) => Math.max(longest, time - sorted[index]!),
    0,
  );
}
