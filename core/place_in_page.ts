import type { StoreEvent } from "./event.ts";
import type { Provider } from "./provider.ts";

/** A page of a handler's streams, and where it was read. */
export type PlacedPage = { from: any; events: StoreEvent<any>[] };

/**
 * How many events of a page stand at a place or before it. Positions are
 * opaque, but an event behind a place is one that is still given after it.
 *
 * @param page Read before the place was: what comes later is behind both.
 * @returns -1 if something stands between the place and the page.
 */
export async function countUpTo(
  provider: Provider<any>,
  streams: string[],
  { from, events }: PlacedPage,
  place: any,
): Promise<number> {
  const last = events.at(-1);
  if (last && !await isAfter(provider, place, last)) return events.length;
  const [next] = await provider.getEventsFrom(streams, place, 1);
  if (!next) return 0;
  if (!last) return await isAfter(provider, from, next) ? 0 : -1;
  return events.findIndex(({ stream, aggregateId, version }) =>
    stream === next.stream && aggregateId === next.aggregateId &&
    version === next.version
  );
}

async function isAfter(
  provider: Provider<any>,
  place: any,
  { stream, aggregateId, version }: StoreEvent<any>,
): Promise<boolean> {
  const [next] = await provider.getEventsFor(stream, aggregateId, place, {
    limit: 1,
  });
  return next !== undefined && next.version <= version;
}
