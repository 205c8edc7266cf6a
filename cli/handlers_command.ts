import type { HandlerControls } from "../core/handler_options.ts";
import { type HandlerLag, readLag } from "../core/handler_status.ts";
import type { Command } from "./command.ts";
import { readOwners } from "../core/bookmark_owners.ts";
import { listParked } from "../core/parked_records.ts";
import { catalogOf, type Store } from "./store.ts";
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
    for (const { bookmark, position } of withHandlers(stored, handlers)) {
      const handler = handlers.find(({ name }) => name === bookmark);
      const behind = handler
        ? (await handler.status()).lag
        : await countBehind(store, streams, position);
      const own = parked.filter((one) => one.bookmark === bookmark);
      const [newest] = own.toSorted((one, two) => two.at - one.at);
      const owner = owners.get(bookmark);
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

function withHandlers(
  stored: { bookmark: string; position: any }[],
  handlers: HandlerControls[],
): { bookmark: string; position: any }[] {
  const names = new Set(stored.map(({ bookmark }) => bookmark));
  return [
    ...stored,
    ...handlers.filter(({ name }) => !names.has(name))
      .map(({ name }) => ({ bookmark: name, position: undefined })),
  ];
}

async function countBehind(
  { provider }: Store,
  streams: string[],
  position: any,
): Promise<HandlerLag> {
  return streams.length === 0
    ? { events: 0, more: false, seconds: 0 }
    : await readLag(provider, streams, position, Date.now());
}
