import { BOOKMARK_RECORD, slicedKey } from "./bookmark_records.ts";
import { StoreError } from "./errors.ts";
import { HandlerCursor } from "./handler_cursor.ts";
import { isSamePosition } from "./position.ts";
import type { Provider } from "./provider.ts";
import type { Records } from "./records.ts";
import { allSlices, sliceBookmark, SLICES } from "./slices.ts";

const MOST_TRIES = 5;

/** Whether a handler keeps its place in slices, for good. */
export async function isKeptInSlices(
  records: Records,
  handler: string,
): Promise<boolean> {
  const key = slicedKey(handler);
  return await records.get(BOOKMARK_RECORD, key) !== undefined;
}

/** Refuses to work on a bookmark as a whole that is kept in slices. */
export function keptInSlices(handler: string): StoreError {
  return new StoreError(
    "HANDLER_SHARDED",
    `Cannot run handler "${handler}" without shards: its place is kept in ${SLICES} slices since it was given some; give it shards: 1 to let one process work, or another bookmark to begin anew`,
    { bookmark: handler },
  );
}

/** Where all slices of a handler would begin that has none yet. */
export async function placeOfWhole(
  provider: Provider<any>,
  handler: string,
  streams: string[],
  tailStream: boolean,
): Promise<any> {
  const options = { tailStream, alwaysTailStream: false };
  return await new HandlerCursor(provider, handler, streams, options)
    .beginning();
}

/**
 * Lets every slice begin where the handler stands that had none, and says so in
 * a record. Until it is there nobody works on a slice, so what a try before this
 * one has left in their bookmarks means nothing. From then on the bookmark of
 * the whole means nothing: who reads it learns of the record with it.
 */
export async function keepInSlices(
  provider: Provider<any>,
  handler: string,
  streams: string[],
  tailStream: boolean,
): Promise<void> {
  const records = provider.records!;
  for (let tries = 0; tries < MOST_TRIES; tries++) {
    if (await isKeptInSlices(records, handler)) return;
    const place = await placeOfWhole(provider, handler, streams, tailStream);
    const moved = await Promise.all(allSlices.map(async (slice) => {
      const bookmark = sliceBookmark(handler, slice);
      const from = await provider.getPosition(bookmark);
      return isSamePosition(from, place) ||
        await provider.setPosition(bookmark, place, { from }) !== false;
    }));
    // Another process does the same, or has done it and works.
    if (moved.includes(false)) continue;
    const key = slicedKey(handler);
    const value = { bookmark: handler, slices: SLICES };
    const options = { revision: 0 };
    if (await records.put(BOOKMARK_RECORD, key, value, options)) return;
  }
  throw new StoreError(
    "BOOKMARK_MOVED",
    `Cannot keep the place of handler "${handler}" in slices: others keep moving the bookmarks of its slices; stop all but one of its processes and start again`,
    { bookmark: handler },
  );
}
