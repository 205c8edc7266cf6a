import { readOwners } from "../core/bookmark_owners.ts";
import { countBehind, listHandlers, ownerOf } from "../core/listed_handlers.ts";
import { listParked } from "../core/parked_records.ts";
import { startOfLog } from "../core/start_of_log.ts";
import type { Command } from "./command.ts";
import { catalogOf } from "./store.ts";
import { table, toJson } from "./text.ts";

/** `handlers` */
export const handlersCommand: Command = {
  name: "handlers",
  usage: "",
  summary:
    "Show each bookmark: where it stands, who works on it, what is parked",
  options: {},
  positionals: [0, 0],
  async run({ store, terminal, json }) {
    const { provider, handlers } = store;
    const streams = await catalogOf(store).streams();
    const owners = await readOwners(provider);
    const parked = await listParked(provider);
    const rows: string[][] = [];
    const stored = await catalogOf(store).bookmarks();
    const start = await startOfLog(provider);
    for (const one of listHandlers(stored, start, handlers)) {
      const { bookmark } = one;
      const handler = handlers.find(({ name }) => name === bookmark);
      const status = await handler?.status();
      const { position, lag: behind } = status
        ? { ...status, ...one.places ? {} : { position: one.position } }
        : await countBehind(provider, streams, one);
      const own = parked.filter((one) => one.bookmark === bookmark);
      const [newest] = own.toSorted((one, two) => two.at - one.at);
      const owner = ownerOf(one, owners);
      const lastError = newest?.error;
      if (json) {
        terminal.out(toJson({
          bookmark,
          position: position === undefined ? null : String(position),
          behind: { ...behind, of: handler ? "its streams" : "all streams" },
          ...owner !== undefined && { owner },
          parked: own.length,
          ...lastError && {
            lastError: { ...lastError, at: new Date(newest!.at) },
          },
        }));
      }
      rows.push([
        bookmark,
        position === undefined ? "-" : String(position),
        `${behind.events}${behind.more ? "+" : ""}${handler ? "" : " *"}`,
        `${Math.round(behind.seconds)} s`,
        owner ?? "-",
        String(own.length),
        lastError?.message ?? "-",
      ]);
    }
    if (json) return;
    const head = [
      "BOOKMARK",
      "POSITION",
      "BEHIND",
      "FOR",
      "OWNER",
      "PARKED",
      "LAST ERROR",
    ];
    for (const line of table(head, rows)) terminal.out(line);
    if (rows.some(([, , behind]) => behind!.endsWith("*"))) {
      terminal.err(
        "* events of all streams: which of them a handler has, a config file with handlers says",
      );
    }
  },
};
