import type { Event, Provider, StoreEvent } from "evtstore";
import type {
  MemoryProvider,
  MemoryTransaction,
} from "evtstore/provider/memory";

/** A provider that keeps every promise. */
export type Good = MemoryProvider<any>;

/** One thing that a provider does wrong, and the cases that must see it. */
export type Fault = {
  /** What it does wrong. */
  fault: string;
  /** The names of cases that fail because of it. */
  caughtBy: string[];
  /** Makes it of a good provider. */
  plant(good: Good): Partial<Provider<any, MemoryTransaction>>;
};

/** Changes the events that every read of streams gives. */
export function onPages(
  good: Good,
  change: (page: StoreEvent<any>[]) => StoreEvent<any>[],
): Pick<Good, "getEventsFrom"> {
  return {
    getEventsFrom: async (...read) => change(await good.getEventsFrom(...read)),
  };
}

/** Changes the events that every read of an aggregate gives. */
export function onAggregates(
  good: Good,
  change: (events: StoreEvent<any>[]) => StoreEvent<any>[],
): Pick<Good, "getEventsFor"> {
  return {
    getEventsFor: async (...read) => change(await good.getEventsFor(...read)),
  };
}

/** Changes the events before they are stored. */
export function onAppends(
  good: Good,
  change: (events: StoreEvent<any>[]) => StoreEvent<any>[],
): Pick<Good, "append"> {
  return {
    append: (stream, id, version, events, options) =>
      good.append(stream, id, version, change(events), options),
  };
}

/** Changes the content of every event before it is stored. */
export function onContent(
  good: Good,
  change: (event: Event) => Event,
): Pick<Good, "append"> {
  return onAppends(
    good,
    (events) =>
      events.map((stored) => ({ ...stored, event: change(stored.event) })),
  );
}

/** Takes every id for what `fold` makes of it. */
export function onIds(
  good: Good,
  fold: (id: string) => string,
): Pick<Good, "append" | "getEventsFor" | "getLastEventFor"> {
  return {
    append: (stream, id, version, events, options) =>
      good.append(
        stream,
        fold(id),
        version,
        events.map((stored) => ({ ...stored, aggregateId: fold(id) })),
        options,
      ),
    getEventsFor: (stream, id, ...rest) =>
      good.getEventsFor(stream, fold(id), ...rest),
    getLastEventFor: (stream, id, options) =>
      good.getLastEventFor(stream, id && fold(id), options),
  };
}

/** The version that the next event of an aggregate has. */
export async function nextVersion(
  good: Good,
  stream: string,
  id: string,
): Promise<number> {
  return ((await good.getLastEventFor(stream, id))?.version ?? 0) + 1;
}
