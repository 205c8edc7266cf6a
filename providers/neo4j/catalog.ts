import type { Catalog } from "../../core/catalog.ts";
import { compareBytes } from "../byte_order.ts";
import type { Labels } from "./labels.ts";
import type { Log } from "./log.ts";
import type { Neo4jStore } from "./store.ts";
import { toInteger, toNumber, toPosition } from "./values.ts";

/** What the database holds. */
export function createCatalog(
  store: Neo4jStore,
  log: Log,
  labels: Labels,
): Catalog {
  const selectBookmarks = `MATCH (b:${labels.bookmarks})
RETURN b.bookmark AS bookmark, coalesce(b._position, 0) AS position`;

  return {
    async streams() {
      const { streams } = await log.statements();
      const found: string[] = [];
      // From one name to the next in the index, where the server has one for it.
      for (;;) {
        const rows = await store.run(
          { what: "streams", canRepeat: true },
          streams,
          { after: found.at(-1) ?? "" },
        );
        if (rows.length === 0) return found.sort(compareBytes);
        found.push(...rows.map(({ stream }) => String(stream)));
      }
    },

    async bookmarks() {
      await log.statements();
      const rows = await store.run(
        { what: "bookmarks", canRepeat: true },
        selectBookmarks,
      );
      return rows
        .map(({ bookmark, position }) => ({
          bookmark: String(bookmark),
          position: toNumber(position),
        }))
        .sort((one, two) => compareBytes(one.bookmark, two.bookmark));
    },

    async commands(after, upTo) {
      const range = {
        after: toInteger(toPosition("after", after)),
        until: toInteger(toPosition("upTo", upTo)),
      };
      const { commands } = await log.statements();
      const rows = await store.run(
        { what: "commands", canRepeat: true },
        commands,
        range,
      );
      return rows.map(({ command, version }) => {
        const [stream, aggregateId, commandId] = JSON.parse(String(command));
        return { stream, aggregateId, version: toNumber(version), commandId };
      });
    },
  };
}
