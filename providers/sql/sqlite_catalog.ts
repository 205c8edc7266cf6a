import type { Catalog, StoredBookmark } from "../../core/catalog.ts";
import { compareBytes } from "../byte_order.ts";
import type { SqliteStatements } from "./sqlite.ts";
import type { SqliteCommandRow } from "./sqlite_rows.ts";
import type { SqliteStore } from "./sqlite_provider.ts";
import type { SqliteValue } from "./sqlite_session.ts";

/** What an SQLite database holds, by whichever driver. */
export function createCatalog(
  store: SqliteStore<any>,
  statements: SqliteStatements,
  checkPosition: (field: string, value: unknown) => number,
): Catalog {
  const run = <Row>(what: string, sql: string, ...values: SqliteValue[]) =>
    store.read<Row[]>({ what }, (session) => session.all(sql, ...values));
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
