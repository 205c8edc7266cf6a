import type { StoredBookmark } from "./catalog.ts";
import type { HandlerControls } from "./handler_options.ts";
import { type HandlerLag, readLag } from "./handler_status.ts";
import type { Provider } from "./provider.ts";
import { allSlices, sliceBookmark, toSlice } from "./slices.ts";
import { readSlicesLag } from "./slices_status.ts";

/** A bookmark, or those of all slices of a handler. */
export type ListedHandler = {
  bookmark: string;
  position?: any;
  /** Where each slice stands, of a handler with shards. */
  places?: any[];
};

/**
 * The handlers that a store knows, and those that are given: one for all slices
 * of a handler with shards.
 *
 * @param start Of the log: where a slice without a bookmark stands.
 */
export function listHandlers(
  stored: StoredBookmark[],
  start: any,
  handlers: readonly HandlerControls[],
): ListedHandler[] {
  return withHandlers(withSlices(stored, start), handlers);
}

/** One for all slices of a handler, which stand where it stood before. */
function withSlices(stored: StoredBookmark[], start: any): ListedHandler[] {
  const rows = new Map<string, ListedHandler>();
  const isSliced = new Set<string>();
  for (const { bookmark } of stored) {
    const found = toSlice(bookmark);
    if (found) isSliced.add(found.handler);
  }
  for (const one of stored) {
    const { handler = one.bookmark, slice } = toSlice(one.bookmark) ?? {};
    if (!isSliced.has(handler)) rows.set(handler, one);
    else if (!rows.has(handler)) {
      rows.set(handler, {
        bookmark: handler,
        places: allSlices.map(() => start),
      });
    }
    if (slice !== undefined) rows.get(handler)!.places![slice] = one.position;
  }
  return [...rows.values()];
}

/** Those that have not stored a bookmark yet come last. */
function withHandlers(
  stored: ListedHandler[],
  handlers: readonly HandlerControls[],
): ListedHandler[] {
  const names = new Set(stored.map(({ bookmark }) => bookmark));
  return [
    ...stored,
    ...handlers.filter(({ name }) => !names.has(name))
      .map(({ name }) => ({ bookmark: name })),
  ];
}

/**
 * How far one is behind the end of the log, counted in all streams, and where it
 * stands: of slices, the hindmost.
 */
export async function countBehind(
  provider: Provider<any>,
  streams: string[],
  { position, places }: ListedHandler,
): Promise<{ position: any; lag: HandlerLag }> {
  if (streams.length === 0) {
    return { position, lag: { events: 0, more: false, seconds: 0 } };
  }
  const now = Date.now();
  return places
    ? await readSlicesLag(provider, streams, places, now)
    : { position, lag: await readLag(provider, streams, position, now) };
}

/** Who works on a bookmark, or how many work on its slices. */
export function ownerOf(
  { bookmark, places }: ListedHandler,
  owners: Map<string, string>,
): string | undefined {
  if (!places) return owners.get(bookmark);
  const all = new Set(
    allSlices.flatMap((slice) =>
      owners.get(sliceBookmark(bookmark, slice)) ?? []
    ),
  );
  return all.size > 1 ? `${all.size} processes` : [...all][0];
}
