import { createHandler, type EventMeta } from "evtstore";
import { compareHandled } from "./compare.ts";
import { createPlace, type FaultDatabase } from "./databases.ts";
import { lineOf, orderOf, readLog, STREAMS, type Written } from "./log.ts";
import { openStore } from "./open_store.ts";
import { openPlain, type Plain } from "./plain/plain.ts";
import type { WrittenCounts } from "./stalling_writers.ts";
import type { FullProvider } from "./stores/store.ts";
import { TaskProcess } from "./task_process.ts";
import { sleep, until } from "./wait.ts";

/** How long a transaction is held open, in milliseconds. */
const HELD_MS = 500;
/** What a slow machine gets more time for. */
const LEAST_EVENTS = 100;

/** What came of readers beside writers. */
export type SkipCounts = {
  /** Events that writers know to be stored. */
  written: number;
  /** Events in the log. */
  events: number;
  /** Transactions that were rolled back on purpose. */
  rolledBack: number;
  /** Transactions that others were in the way of. */
  refused: number;
  /** Events that a handler of all streams, or of one, never saw. */
  missed: number;
  /** Events that one saw again. */
  repeated: number;
  /** Events that one saw before an older one, of its aggregate or another. */
  unordered: number;
  /** Events that one saw while an older one was in an open transaction. */
  tooEarly: number;
  /** Positions that no event has, below the last one. */
  holes: number;
  /** Events that a naive reader never saw. */
  naivelyMissed: number;
};

/** A handler, and what it saw. */
type Tail = {
  streams: string[];
  lines: string[];
  positions: bigint[];
  stop(): Promise<void>;
};

/** Which writers each of the processes has. */
export function writersOf({ scheme, server }: FaultDatabase): string[][] {
  const ours = ["append", "transact", "append", "transact"];
  if (server === "mariadb_barrier") return [ours, ours];
  // Both say to others that only this library may write.
  if (scheme === "mongodb") return [ours, [...ours.slice(1), "folding"]];
  if (scheme === "bolt") return [ours, ours];
  if (scheme === "mongodb+folding") {
    const appends = ["append", "append", "append", "append"];
    return [appends, appends];
  }
  // evtstore 12 takes a locked file for a conflict. And who stalls in his
  // transaction keeps all others from writing, so few do.
  if (scheme.startsWith("sqlite")) {
    return [["append", "transact", "append", "append"], [
      "append",
      "append",
      "append",
      "plain",
    ]];
  }
  return [ours, ["append", "transact", "plain", "evtstore 12"]];
}

/** Whom a place is opened by besides, where there is another driver. */
const besides: Record<string, string> = {
  "sqlite": "sqlite+knex",
  "sqlite+knex": "sqlite",
  "postgres+pg": "postgres+postgresjs",
  "postgres+postgresjs": "postgres+knex",
  "postgres+knex": "postgres+pg",
};

/**
 * Handles events beside writers of two processes that stall and roll back,
 * and then beside one that holds a transaction open, where there are any.
 *
 * @param ms How long they write.
 * @param isOvertaken Whether others go on beside an open transaction.
 */
export async function countSkips(
  database: FaultDatabase,
  ms: number,
  isOvertaken: boolean,
): Promise<SkipCounts> {
  const place = await createPlace(database);
  const { scheme } = database;
  const store = await openStore(place.address);
  const plain = await openPlain(place.address);
  const naive = new NaiveReader(plain);
  const tails = [STREAMS, STREAMS.slice(0, 1)].map((streams) =>
    startTail(store.provider, streams)
  );
  const addresses = [
    place.address,
    place.address.replace(scheme, besides[scheme] ?? scheme),
  ];
  const processes = writersOf(database).map((writers, index) =>
    new TaskProcess<WrittenCounts>("skip_worker.ts", [
      addresses[index]!,
      "ab"[index]!,
      ...writers,
    ])
  );
  try {
    for (const one of processes) await one.hear("ready");
    for (const one of processes) one.say("go");
    naive.start();
    await sleep(ms);
    await until(
      "some events to be handled",
      () => tails[0]!.lines.length >= LEAST_EVENTS,
    );
    const tooEarly = "transact" in store.provider
      ? await holdOpen(processes[0]!, async (held) => {
        if (isOvertaken) {
          await until("others to go on", () => naive.position > held);
        }
        await sleep(HELD_MS);
        return tails.flatMap(({ positions }) => positions)
          .filter((position) => position > held).length;
      })
      : 0;

    const results = await Promise.all(processes.map((one) => one.finish()));
    await naive.stop();
    const log = await readLog(store.provider);
    await until(
      "handlers to come to the end",
      () =>
        tails.every(({ streams, lines }) =>
          lines.length >=
            log.filter(({ stream }) => streams.includes(stream)).length
        ),
      60_000,
    ).catch(() => {
      // What is missing is counted below.
    });
    for (const tail of tails) await tail.stop();
    const sum = (key: keyof WrittenCounts) =>
      results.reduce((total, result) => total + result[key], 0);
    const handled = tails.map(({ streams, lines }) =>
      compareHandled(
        log.filter(({ stream }) => streams.includes(stream)),
        [lines],
        [],
      )
    );
    return {
      written: sum("written"),
      events: log.length,
      rolledBack: sum("rolledBack"),
      refused: sum("refused"),
      missed: handled.reduce((total, { skipped }) => total + skipped, 0),
      repeated: handled.reduce((total, { repeated }) => total + repeated, 0),
      unordered: tails.reduce(
        (total, { positions }) => total + countFalls(positions),
        handled.reduce((total, { unordered }) => total + unordered, 0),
      ),
      tooEarly,
      holes: countHoles(log.map(({ position }) => orderOf(position))),
      naivelyMissed: log.filter((event) => !naive.lines.has(lineOf(event)))
        .length,
    };
  } finally {
    for (const one of processes) await one.remove();
    for (const tail of tails) await tail.stop();
    await naive.stop().catch(() => {});
    await plain.close();
    await store.close();
    await place.remove();
  }
}

/** Lets a process hold a transaction open while something is looked at. */
async function holdOpen<Seen>(
  holder: TaskProcess<WrittenCounts>,
  look: (held: bigint) => Promise<Seen>,
): Promise<Seen> {
  holder.say("hold");
  const seen = await look(BigInt(await holder.hear("held")));
  holder.say("release");
  await holder.hear("committed");
  await sleep(HELD_MS);
  return seen;
}

function startTail(provider: FullProvider, streams: string[]): Tail {
  const handler = createHandler<{ [stream: string]: Written }>({
    bookmark: streams.join(" and "),
    streams,
    provider,
  });
  const tail: Tail = {
    streams,
    lines: [],
    positions: [],
    stop: () => handler.stop(),
  };
  for (const stream of streams) {
    handler.handle(
      stream,
      "Written",
      async (_id: string, _event: Written, meta: EventMeta) => {
        tail.lines.push(lineOf(meta));
        tail.positions.push(orderOf(meta.position));
      },
    );
  }
  handler.start();
  return tail;
}

/** How often a position is not above the one before it. */
function countFalls(positions: bigint[]): number {
  return positions.filter((position, index) =>
    index > 0 && position <= positions[index - 1]!
  ).length;
}

/** How many positions are left out between the first and the last. */
function countHoles(positions: bigint[]): number {
  return Number(positions.at(-1)! - positions[0]!) + 1 - positions.length;
}

/**
 * Reads as evtstore 12 does: everything after its bookmark that is visible,
 * whatever may still come before it.
 */
class NaiveReader {
  readonly lines: Set<string> = new Set();
  position = 0n;
  #plain: Plain;
  #isOver = false;
  #reading: Promise<void> = Promise.resolve();

  constructor(plain: Plain) {
    this.#plain = plain;
  }

  start(): void {
    this.#reading = this.#readOn();
    // It is thrown by `stop`.
    this.#reading.catch(() => {});
  }

  /** Reads once more, when all is written. */
  async stop(): Promise<void> {
    if (this.#isOver) return;
    this.#isOver = true;
    await this.#reading;
    await this.#read();
  }

  async #readOn(): Promise<void> {
    while (!this.#isOver) {
      await this.#read();
      await sleep(2);
    }
  }

  async #read(): Promise<void> {
    for (const event of await this.#plain.readAfter(this.position)) {
      this.lines.add(event.line);
      this.position = event.position;
    }
  }
}
