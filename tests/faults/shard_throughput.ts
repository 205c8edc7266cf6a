import { createPlace, type FaultDatabase } from "./databases.ts";
import { lineOf, readLog } from "./log.ts";
import { openStore } from "./open_store.ts";
import { countShared, type ShardCounts } from "./shard_counts.ts";
import { type SharerOptions, Sharers } from "./sharers.ts";
import { appendWritten } from "./shards.ts";
import { until } from "./wait.ts";

/** What some processes have done of a handler together. */
export type Throughput = ShardCounts & {
  /** Events a second. */
  perSecond: number;
  /** How many slices each of them had at the end. */
  slices: number[];
};

const AGGREGATES = 200;

/**
 * Measures how long some processes take for events that come as fast as they
 * can be stored.
 *
 * @param processes How many.
 * @param events How many events, in commits of ten.
 */
export async function measureShards(
  database: FaultDatabase,
  processes: number,
  events: number,
  options: SharerOptions,
): Promise<Throughput> {
  const place = await createPlace(database);
  const store = await openStore(place.address);
  const sharers = new Sharers(place.address, store.provider.records, options);
  try {
    for (let count = 0; count < processes; count++) await sharers.start();
    if (options.shards > 0) await sharers.balanced();
    const began = performance.now();
    for (let round = 0; round < events / AGGREGATES / 10; round++) {
      for (let first = 0; first < AGGREGATES; first += 10) {
        await Promise.all(
          Array.from({ length: 10 }, (_, index) =>
            appendWritten(
              ...[store.provider, `aggregate${first + index}`] as const,
              ...[round * 10, 10] as const,
            )),
        );
      }
    }
    await until(
      "all events to be handled",
      () => sharers.handled().length >= events,
      300_000,
    );
    const seconds = (performance.now() - began) / 1000;
    const lines = (await readLog(store.provider)).map(lineOf);
    const slices = await sharers.slices();
    for (const name of [...sharers.living.keys()]) await sharers.stop(name);
    return {
      ...countShared(lines, sharers.handled(), sharers.killed),
      perSecond: Math.round(events / seconds),
      slices,
    };
  } finally {
    await sharers.remove();
    await store.close();
    await place.remove();
  }
}
