import type {
  Aggregate,
  BaseAggregate,
  GetAggregateOptions,
} from "./aggregate.ts";
import type { CachedAggregate } from "./aggregate_cache.ts";
import { readPages } from "./aggregate_pages.ts";
import type { Event, StoreEvent } from "./event.ts";
import type { Provider } from "./provider.ts";
import type { Snapshot } from "./snapshot_record.ts";

/** How an aggregate is made of its events. */
export type FoldOf<E extends Event, A extends Aggregate> = {
  /** The stream of its events. */
  stream: string;
  /** The aggregate without any event. */
  empty(id: string): A & BaseAggregate;
  /** The aggregate after one more event. */
  next(aggregate: A & BaseAggregate, stored: StoreEvent<E>): A & BaseAggregate;
};

/** A snapshot, with the aggregate that a load can go on with. */
export type UsableSnapshot<A> = CachedAggregate<A & BaseAggregate> & {
  snapshot: Snapshot;
};

/**
 * Folds what follows a snapshot.
 *
 * @returns Undefined if the log does not go on with the next version: events
 * would be missing, or be there twice.
 */
export async function foldBehind<E extends Event, A extends Aggregate>(
  { aggregate: start, position: from }: UsableSnapshot<A>,
  provider: Provider<E>,
  { stream, next }: FoldOf<E, A>,
  options: GetAggregateOptions,
): Promise<CachedAggregate<A & BaseAggregate> | undefined> {
  const id = start.aggregateId;
  // Twice, as an event may be appended between the two questions.
  for (let tries = 0; tries < 2; tries++) {
    let [aggregate, position] = [start, from];
    for await (const page of readPages(provider, stream, id, from, options)) {
      for (const stored of page) {
        if (stored.version !== aggregate.version + 1) return undefined;
        aggregate = next(aggregate, stored);
        position = stored.position;
      }
    }
    if (aggregate !== start) return { aggregate, position };
    const last = await provider.getLastEventFor(stream, id, options);
    if (last?.version === start.version) return { aggregate, position };
  }
  return undefined;
}
