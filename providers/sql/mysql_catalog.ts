import type { Catalog } from "../../core/catalog.ts";
import { compareBytes } from "../byte_order.ts";
import { checkPosition, toPosition } from "./mysql_rows.ts";
import type { MysqlStore } from "./mysql_store.ts";

type CommandRow = {
  stream: string;
  aggregate_id: string;
  version: number;
  command_id: string;
};

/** What a MySQL or MariaDB database holds. */
export function createCatalog<Tx>(store: MysqlStore<Tx>): Catalog {
  return {
    async streams() {
      const found = await store.read(
        { what: "streams" },
        async (session, { statements, isExact }) => {
          type Row = { stream: string | null };
          if (!isExact) {
            // In a table of evtstore 12 names that differ in case are one step.
            const rows = await session.query<Row>(statements.selectStreams);
            return rows.map(({ stream }) => stream!);
          }
          const streams: string[] = [];
          for (;;) {
            const after = streams.at(-1) ?? "";
            const [next] = await session.query<Row>(
              statements.selectNextStream,
              [after],
            );
            if (next?.stream == null) return streams;
            streams.push(next.stream);
          }
        },
      );
      return found.sort(compareBytes);
    },

    async bookmarks() {
      const rows = await store.read(
        { what: "bookmarks" },
        (session, { statements }) =>
          session.query<{ bookmark: string; position: unknown }>(
            statements.selectBookmarks,
          ),
      );
      return rows
        .map(({ bookmark, position }) => ({
          bookmark,
          position: toPosition(position),
        }))
        .sort((one, two) => compareBytes(one.bookmark, two.bookmark));
    },

    async commands(after, upTo) {
      const rows = await store.read(
        { what: "commands" },
        (session, { statements }) =>
          session.query<CommandRow>(statements.selectCommands, [
            checkPosition("after", after),
            checkPosition("upTo", upTo),
          ]),
      );
      return rows.map(({ stream, aggregate_id, version, command_id }) => ({
        stream,
        aggregateId: aggregate_id,
        version: Number(version),
        commandId: command_id,
      }));
    },
  };
}
