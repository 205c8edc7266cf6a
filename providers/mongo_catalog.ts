import type { Catalog } from "../core/catalog.ts";
import { compareBytes } from "./byte_order.ts";
import { checkPosition } from "./mongo_position.ts";
import type { Run } from "./mongo_run.ts";

/** What the collections hold. */
export function createCatalog(run: Run): Catalog {
  return {
    streams: () =>
      // It goes from one name to the next in an index that begins with it.
      run("streams", undefined, async (log) => {
        const found = await log.events.distinct("stream", {}, log.reading);
        return (found as string[]).sort(compareBytes);
      }),

    bookmarks: () =>
      run("bookmarks", undefined, async (log) => {
        const found: { bookmark: string; position: unknown }[] = await log
          .bookmarks.find({}, {
            ...log.reading,
            projection: { _id: 0, bookmark: 1, position: 1 },
          }).toArray();
        return found.sort((one, two) =>
          compareBytes(one.bookmark, two.bookmark)
        );
      }),

    async commands(after, upTo) {
      checkPosition("after", after);
      checkPosition("upTo", upTo);
      return await run("commands", undefined, (log) =>
        log.events.find({
          position: { $gt: after, $lte: upTo },
          commandId: { $gt: "" },
        }, {
          ...log.reading,
          projection: {
            _id: 0,
            stream: 1,
            aggregateId: 1,
            version: 1,
            commandId: 1,
          },
          sort: { position: 1 },
        }).toArray());
    },
  };
}
