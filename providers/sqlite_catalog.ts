import type { Catalog, StoredBookmark } from "../core/catalog.ts";
import { compareBytes } from "./byte_order.ts";
import type { SqliteCommandRow, SqliteStatements } from "./sql/sqlite.ts";

/** Runs a statement of the catalog, and gives its rows. */
export type RunCatalog = <Row>(
  what: string,
  sql: string,
  ...values: number[]
) => Promise<Row[]>;

/** What an SQLite database holds, by whichever driver. */
export function createCatalog(
  statements: SqliteStatements,
  run: RunCatalog,
  checkPosition: (field: string, value: unknown) => number,
): Catalog {
  return {
    async streams() {
      const rows = await run<{ stream: string }>(
        "streams",
        statements.selectStreams,
      );
      return rows.map(({ stream }) => stream).sort(compareBytes);
    },

    async bookmarks() {
      const rows = await run<StoredBookmark>(
        "bookmarks",
        statements.selectBookmarks,
      );
      return rows
        .map(({ bookmark, position }) => ({ bookmark, position }))
        .sort((one, two) => compareBytes(one.bookmark, two.bookmark));
    },

    async commands(after, upTo) {
      const rows = await run<SqliteCommandRow>(
        "commands",
        statements.selectCommands,
        checkPosition("after", after),
        checkPosition("upTo", upTo),
      );
      return rows.map(({ stream, aggregate_id, version, command_id }) => ({
        stream,
        aggregateId: aggregate_id,
        version,
        commandId: command_id,
      }));
    },
  };
}
