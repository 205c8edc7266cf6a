import { StoreError } from "../../core/errors.ts";
import type { Labels } from "./labels.ts";
import type { Neo4jStore } from "./store.ts";
import { toInteger, toNumber } from "./values.ts";

/** A server that is just started takes its time. */
const ASK = { what: "migrate", canRepeat: true, timeout: 3_600_000 };

/**
 * Takes the name from all but one of the bookmarks that share it, which
 * evtstore 12 could make when two handlers began at the same time. The one
 * that is furthest behind stays: no event is lost by that.
 */
export async function separateBookmarks(
  store: Neo4jStore,
  { bookmarks }: Labels,
): Promise<void> {
  await store.run(
    ASK,
    `MATCH (b:${bookmarks})
WITH b.bookmark AS name, b ORDER BY b._position, b.position
WITH name, collect(b) AS same WHERE size(same) > 1
FOREACH (b IN tail(same) | SET b._sameAs = b.bookmark REMOVE b.bookmark)`,
  );
}

/**
 * Gives each bookmark of evtstore 12 the position of the last event that its
 * handler has passed, so that it goes on exactly where it was: with the first
 * event later than the time that the bookmark holds.
 */
export async function translateBookmarks(
  store: Neo4jStore,
  { bookmarks, events, counter }: Labels,
): Promise<void> {
  const rows = await store.run(
    ASK,
    `MATCH (b:${bookmarks})
WHERE b._position IS NULL AND b.position IS NOT NULL AND b.bookmark IS NOT NULL
RETURN b.bookmark AS bookmark, toString(b.position) AS time`,
  );
  for (const { bookmark, time } of rows) {
    if (Number.isNaN(Date.parse(time))) {
      throw new StoreError(
        "STORE_FAILED",
        `Cannot migrate: the bookmark "${bookmark}" stands at "${time}", which is no time; set its position to the one of an event, or delete it`,
        { bookmark },
      );
    }
    const [row] = await store.run(
      ASK,
      `MATCH (c:${counter} {name: 'events'})
OPTIONAL MATCH (e:${events})
WHERE e.position > datetime($time) AND e._position IS NOT NULL
RETURN min(e._position) AS next, c.position AS end, c.legacy AS legacy`,
      { time },
    );
    const { next, end, legacy } = row!;
    const passed = next == null ? toNumber(end) : toNumber(next) - 1;
    // It cannot have passed what this library has stored since.
    const most = legacy == null ? passed : toNumber(legacy);
    await store.run(
      ASK,
      `MATCH (b:${bookmarks} {bookmark: $bookmark})
WHERE b._position IS NULL SET b._position = $position`,
      { bookmark, position: toInteger(Math.min(passed, most)) },
    );
  }
}
