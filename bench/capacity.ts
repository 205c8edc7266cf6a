/**
 * What one process and one server can carry: not only how long things take,
 * which depends on who else is at work, but how much of a processor they use.
 */
import { fsyncSync, mkdtempSync, openSync, rmSync, writeSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
// @ts-types="npm:@types/pg@8"
import pg from "pg";
import type { Contender } from "./contender.ts";
import { natsSuite } from "./nats_suite.ts";
import { mongoSuite } from "./other_suites.ts";
import { postgresSuites } from "./postgres_suites.ts";
import { listenerAt, ownTime, timeOf } from "./processor_time.ts";
import { spreadOf } from "./rounds.ts";
import type { Suite } from "./suite.ts";

const ROUNDS = 9;
const CALLERS = 32;
const APPENDS = 640;
const EVENTS = 5000;
/** Beside how many handlers that keep up with so many events a second. */
const HANDLERS = [0, 1, 5, 20];
const PACE = 200;
const SECONDS = 4;

/** A database, and the processes that do its work. */
type Served = {
  suite: Suite;
  /** The place of this library in the suite. */
  place: string;
  /** Their numbers; none where they are not on this machine. */
  pids(): Promise<number[]>;
};

/**
 * Measures PostgreSQL, MongoDB and NATS, each alone.
 *
 * @param urls Where they are; one that is not there is left out.
 * @param only What the name of a suite begins with.
 */
export async function runCapacity(
  urls: { postgres18?: string; mongodb?: string; nats?: string },
  only: string,
  say: (line: string) => void,
): Promise<void> {
  say(`A sync of the disk takes ${toText(syncMs())} ms.`);
  for (const served of servers(urls)) {
    if (!served.suite.name.startsWith(only)) continue;
    say(`\n${served.suite.name}`);
    await measure(served, say);
  }
}

function servers(
  { postgres18, mongodb, nats }: Parameters<typeof runCapacity>[0],
): Served[] {
  const listener = (url: string) => async () => {
    const pid = listenerAt(Number(new URL(url).port));
    return pid === undefined ? [] : [pid];
  };
  return [
    ...postgres18
      ? [{
        suite: postgresSuites(postgres18)[0]!,
        place: "1",
        pids: () => backends(postgres18),
      }]
      : [],
    ...mongodb
      ? [{ suite: mongoSuite(mongodb), place: "1", pids: listener(mongodb) }]
      : [],
    ...nats
      ? [{ suite: natsSuite(nats), place: "1", pids: listener(nats) }]
      : [],
  ];
}

/** The processes of PostgreSQL that serve a benchmark. */
async function backends(url: string): Promise<number[]> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  const { rows } = await client.query(
    "SELECT pid FROM pg_stat_activity WHERE datname LIKE 'evt_bench_%'",
  );
  await client.end();
  return rows.map(({ pid }) => pid);
}

async function measure(
  { suite, place, pids }: Served,
  say: (line: string) => void,
): Promise<void> {
  const [contender] = await suite.open([place]);
  if (contender?.name !== "evtstore") throw new Error(`Found ${contender}`);
  try {
    await concurrently(APPENDS, () => append(contender, 1));
    const measures: [name: string, work: () => Promise<number>][] = [
      ["append of 1 event, alone", () => alone(() => append(contender, 1))],
      [
        "command of 1 event, alone",
        () => alone(() => contender.command(crypto.randomUUID())),
      ],
      [
        `append of 1 event, ${CALLERS} in flight`,
        () => concurrently(APPENDS, () => append(contender, 1)),
      ],
      [
        `append of 10 events, ${CALLERS} in flight`,
        () => concurrently(APPENDS / 4, () => append(contender, 10)),
      ],
      [
        `command of 1 event, ${CALLERS} in flight`,
        () =>
          concurrently(APPENDS, () => contender.command(crypto.randomUUID())),
      ],
    ];
    for (const [name, work] of measures) {
      await tell(name, work, pids, say);
    }
    const first = await contender.catchUp!(0);
    for (let stored = first; stored < EVENTS; stored += 10 * CALLERS) {
      await concurrently(CALLERS, () => append(contender, 10));
    }
    await tell(
      "event that a handler catches up with",
      () => contender.catchUp!(0),
      pids,
      say,
    );
    for (const handlers of HANDLERS) {
      await tellShare(contender, handlers, pids, say);
    }
  } finally {
    await contender.close();
  }
}

/** How much of a processor handlers use that keep up. */
async function tellShare(
  contender: Contender,
  handlers: number,
  pids: Served["pids"],
  say: (line: string) => void,
): Promise<void> {
  await contender.keepUp!(handlers, PACE, 1);
  const served = await pids();
  const before = [performance.now(), ownTime(), timeOf(served)] as const;
  await contender.keepUp!(handlers, PACE, SECONDS);
  const ms = performance.now() - before[0];
  const own = (ownTime() - before[1]) / ms;
  const server = (timeOf(served) - before[2]) / ms;
  say(
    `${PACE} appends a second, ${handlers} handlers: ${
      (own * 100).toFixed(0)
    } % of a processor here, ${(server * 100).toFixed(0)} % there`,
  );
}

/** Does something in rounds, of which the median counts. */
async function tell(
  name: string,
  work: () => Promise<number>,
  pids: Served["pids"],
  say: (line: string) => void,
): Promise<void> {
  const rounds: { ms: number; own: number; server: number }[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    const served = await pids();
    const before = [performance.now(), ownTime(), timeOf(served)] as const;
    const count = await work();
    rounds.push({
      ms: (performance.now() - before[0]) / count,
      own: (ownTime() - before[1]) / count,
      server: served.length > 0 ? (timeOf(served) - before[2]) / count : NaN,
    });
  }
  const median = (of: (round: typeof rounds[0]) => number) =>
    toText(spreadOf(rounds.map(of)).median);
  const [ms, own, server] = [
    median(({ ms }) => ms),
    median(({ own }) => own),
    median(({ server }) => server),
  ];
  say(
    `${name.padEnd(38)}${ms} ms; processor: ${own} ms here, ${server} ms there`,
  );
}

function append(contender: Contender, events: number): Promise<unknown> {
  return contender.append(crypto.randomUUID(), 0, events);
}

async function alone(work: () => Promise<unknown>): Promise<number> {
  const count = 50;
  for (let index = 0; index < count; index++) await work();
  return count;
}

async function concurrently(
  count: number,
  work: () => Promise<unknown>,
): Promise<number> {
  const each = Math.ceil(count / CALLERS);
  await Promise.all(
    Array.from({ length: CALLERS }, async () => {
      for (let index = 0; index < each; index++) await work();
    }),
  );
  return each * CALLERS;
}

/** How long the disk of the temporary files takes to sync a page. */
function syncMs(): number {
  const folder = mkdtempSync(join(tmpdir(), "evtstore-sync-"));
  try {
    const file = openSync(join(folder, "page"), "w");
    const page = new Uint8Array(8192);
    const times = Array.from({ length: 50 }, () => {
      const start = performance.now();
      writeSync(file, page);
      fsyncSync(file);
      return performance.now() - start;
    });
    return spreadOf(times).median;
  } finally {
    rmSync(folder, { recursive: true });
  }
}

function toText(ms: number): string {
  return ms.toPrecision(2);
}
