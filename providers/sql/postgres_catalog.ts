import type { Catalog } from "../../core/catalog.ts";
import { compareBytes } from "../byte_order.ts";
import type { PostgresCatalogStatements } from "./postgres.ts";
import { checkPosition, toPosition } from "./postgres_rows.ts";
import type { PostgresStore } from "./postgres_store.ts";

/** What a PostgreSQL database holds. */
export function createCatalog<Tx>(
  store: PostgresStore<Tx>,
  statements: PostgresCatalogStatements,
): Catalog {
  return {
    async streams() {
      const rows = await store.read(
        { what: "streams" },
        statements.selectStreams,
        [],
      );
      return rows.map(([stream]) => String(stream)).sort(compareBytes);
    },

    async bookmarks() {
      const rows = await store.read(
        { what: "bookmarks" },
        statements.selectBookmarks,
        [],
      );
      return rows
        .map(([bookmark, position]) => ({
          bookmark: String(bookmark),
          position: toPosition(position),
        }))
        .sort((one, two) => compareBytes(one.bookmark, two.bookmark));
    },

    async commands(after, upTo) {
      const rows = await store.read(
        { what: "commands" },
        statements.selectCommands,
        [
          String(checkPosition("after", after)),
          String(checkPosition("upTo", upTo)),
        ],
      );
      return rows.map(([stream, aggregateId, version, commandId]) => ({
        stream: String(stream),
        aggregateId: String(aggregateId),
        version: Number(version),
        commandId: String(commandId),
      }));
    },
  };
}
