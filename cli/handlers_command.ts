import type { HandlerControls } from "../core/handler_options.ts";
import { type HandlerLag, readLag } from "../core/handler_status.ts";
import { OWNER } from "../core/membership.ts";
import { MEMBER } from "../core/heartbeat.ts";
import { listAll } from "../core/records.ts";
import { allSlices, sliceBookmark, toSlice } from "../core/slices.ts";
import { readSlicesLag } from "../core/slices_status.ts";
import { startOfLog } from "../core/start_of_log.ts";
import type { StoredBookmark } from "../core/catalog.ts";
import type { Command } from "./command.ts";
import { listParked } from "./parked_records.ts";
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
    const owners = await readOwners(store);
    const parked = await listParked(provider);
    const rows: string[][] = [];
    const stored = await catalogOf(store).bookmarks();
    const start = await startOfLog(provider);
    for (const one of withHandlers(withSlices(stored, start), handlers)) {
      const { bookmark } = one;
      const handler = handlers.find(({ name }) => name === bookmark);
      const status = await handler?.status();
      const { position, lag: behind } = status
        ? { ...status, ...one.places ? {} : { position: one.position } }
        : await countBehind(store, streams, one);
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

/** A bookmark, or those of all slices of a handler. */
type Row = {
  bookmark: string;
  position?: any;
  /** Where each slice stands, of a handler with shards. */
  places?: any[];
};

/** One row for all slices of a handler, which stand where it stood before. */
function withSlices(stored: StoredBookmark[], start: any): Row[] {
  const rows = new Map<string, Row>();
  const isSliced = new Set<string>();
  for (const { bookmark } of stored) {
    const found = toSlice(bookmark);
    if (found) isSliced.add(found.handler);
  }
  for (const one of stored) {
    const { handler = one.bookmark, slice } = toSlice(one.bookmark) ?? {};
    if (!isSliced.has(handler)) rows.set(handler, one);
    else if (!rows.has(handler)) {
      rows.set(handler, {
        bookmark: handler,
        places: allSlices.map(() => start),
      });
    }
    if (slice !== undefined) rows.get(handler)!.places![slice] = one.position;
  }
  return [...rows.values()];
}

function withHandlers(stored: Row[], handlers: HandlerControls[]): Row[] {
  const names = new Set(stored.map(({ bookmark }) => bookmark));
  return [
    ...stored,
    ...handlers.filter(({ name }) => !names.has(name))
      .map(({ name }) => ({ bookmark: name })),
  ];
}

async function countBehind(
  { provider }: Store,
  streams: string[],
  { position, places }: Row,
): Promise<{ position: any; lag: HandlerLag }> {
  if (streams.length === 0) {
    return { position, lag: { events: 0, more: false, seconds: 0 } };
  }
  const now = Date.now();
  return places
    ? await readSlicesLag(provider, streams, places, now)
    : { position, lag: await readLag(provider, streams, position, now) };
}

/** Who works on a bookmark, or how many work on its slices. */
function ownerOf(
  { bookmark, places }: Row,
  owners: Map<string, string>,
): string | undefined {
  if (!places) return owners.get(bookmark);
  const all = new Set(
    allSlices.flatMap((slice) =>
      owners.get(sliceBookmark(bookmark, slice)) ?? []
    ),
  );
  return all.size > 1 ? `${all.size} processes` : [...all][0];
}

/** The processes that own bookmarks, as their machines know them. */
async function readOwners({ provider }: Store): Promise<Map<string, string>> {
  const found = new Map<string, string>();
  if (!provider.records) return found;
  const members = await listAll(provider.records, MEMBER);
  for (const [bookmark, { value }] of await listAll(provider.records, OWNER)) {
    const { member } = value as { member?: string };
    if (member === undefined) continue;
    const process = members.get(member)?.value?.process;
    found.set(bookmark, process || member);
  }
  return found;
}
