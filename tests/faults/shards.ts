import { createPlace, type FaultDatabase } from "./databases.ts";
import { lineOf, readLog, streamOf, type Written } from "./log.ts";
import { openStore } from "./open_store.ts";
import type { Random } from "./random.ts";
import { countShared, type ShardCounts } from "./shard_counts.ts";
import { Sharers } from "./sharers.ts";
import type { FullProvider } from "./stores/store.ts";
import { sleep, until } from "./wait.ts";

/** What came of processes that came and went. */
export type ShareCounts = ShardCounts & {
  /** Processes that were killed. */
  kills: number;
  /** Processes that were added after the first ones. */
  added: number;
  /** Processes that ended by themselves while others went on. */
  stops: number;
  /** The longest time until the slices were in balance, in seconds. */
  balance: number;
};

/** How far writers may be ahead of the handlers, in events: a slow store too. */
const AHEAD = 60;
/** How much longer than for its append a writer waits for the next one. */
const SHARE = 8;

/**
 * Lets processes that share a handler be added, killed and stopped at random
 * while this one writes.
 *
 * @param kills How many are killed.
 */
export async function shareHandlers(
  database: FaultDatabase,
  random: Random,
  kills: number,
): Promise<ShareCounts> {
  const place = await createPlace(database);
  const store = await openStore(place.address);
  const sharers = new Sharers(place.address, store.provider.records, {
    shards: 64,
    sleepMs: 1,
  });
  let isOver = false;
  let [added, stops, balance] = [0, 0, 0];
  const balanced = async () => {
    balance = Math.max(balance, await sharers.balanced());
  };
  const anyOf = () =>
    [...sharers.living.keys()][random.between(0, sharers.living.size - 1)]!;
  await Promise.all([sharers.start(), sharers.start()]);
  const writing = write(store.provider, sharers, random, () => isOver);
  // It is thrown where it is awaited.
  writing.catch(() => {});
  try {
    await balanced();
    for (let kill = 0; kill < kills; kill++) {
      const before = sharers.handled().length;
      const most = before + random.between(20, 80);
      await until(
        "the handlers to go on",
        () => sharers.handled().length >= most,
      );
      await sharers.start();
      added++;
      // Now and then before those that are left have shared its slices out.
      if (random.next() < 0.7) await balanced();
      await sharers.kill(anyOf());
      if (random.next() < 0.3 && sharers.living.size > 1) {
        await sharers.stop(anyOf());
        stops++;
        await sharers.start();
        added++;
      }
    }
    await balanced();
    isOver = true;
    await writing;
    const log = await readLog(store.provider);
    const lines = log.map(lineOf);
    const count = () => countShared(lines, sharers.handled(), sharers.killed);
    await until(
      "those that are left to handle the rest",
      () => count().missed === 0,
      30_000,
      () => `they missed ${count().missed} of ${lines.length}`,
    );
    for (const name of [...sharers.living.keys()]) await sharers.stop(name);
    return { ...count(), kills, added, stops, balance };
  } finally {
    isOver = true;
    await sharers.remove();
    await writing.catch(() => {});
    await store.close();
    await place.remove();
  }
}

/** Writes to a hundred aggregates until it is over. */
async function write(
  provider: FullProvider,
  sharers: Sharers,
  random: Random,
  isOver: () => boolean,
): Promise<void> {
  const versions = new Map<string, number>();
  for (let count = 0; !isOver(); count++) {
    const id = `aggregate${random.between(0, 99)}`;
    const version = versions.get(id) ?? 0;
    const parts = random.between(1, 3);
    const began = performance.now();
    await appendWritten(provider, id, version, parts);
    versions.set(id, version + parts);
    // A slow store needs its time for those who are watched.
    const pause = Math.max(10, (performance.now() - began) * SHARE);
    const written = () => [...versions.values()].reduce((sum, n) => sum + n, 0);
    do await sleep(pause); while (
      count % 5 === 0 && !isOver() &&
      written() - sharers.handled().length > AHEAD
    );
  }
}

/** Appends a commit of so many events behind a version. */
export async function appendWritten(
  provider: FullProvider,
  id: string,
  version: number,
  parts: number,
): Promise<void> {
  const stream = streamOf(id);
  const events: Written[] = Array.from({ length: parts }, (_, index) => ({
    ...{ type: "Written", commit: `${id} ${version + 1}` } as const,
    ...{ part: index + 1, parts },
  }));
  const stored = provider.createEvents(stream, id, version + 1, events);
  await provider.append(stream, id, version + 1, stored);
}
