import { BOOKMARK_RECORD, isOfParked } from "../core/bookmark_records.ts";
import { MEMBER } from "../core/heartbeat.ts";
import { OWNER } from "../core/owner_records.ts";
import type { ParkedValue } from "../core/parked_events.ts";
import type { Provider } from "../core/provider.ts";
import { listAll, type StoredRecord } from "../core/records.ts";
import { SNAPSHOT } from "../core/snapshot_record.ts";
import type { Command } from "./command.ts";
import { FoundError } from "./failure.ts";
import { toOrder } from "./position.ts";
import { catalogOf } from "./store.ts";
import { progressLine } from "./terminal.ts";
import { toJson, visible } from "./text.ts";
import { type Damage, isDamage, LogCheck } from "./verify_log.ts";

/** `verify` */
export const verifyCommand: Command = {
  name: "verify",
  usage: "",
  summary: "Check everything that is stored, and change nothing",
  options: {},
  positionals: [0, 0],
  async run({ store, terminal, json }) {
    const { provider } = store;
    const catalog = catalogOf(store);
    let damages = 0;
    const report = ({ code, message }: Damage) => {
      damages++;
      terminal.progress();
      terminal.out(json ? toJson({ code, message }) : `${code}  ${message}`);
    };
    // What points into the log is read before the log, which may grow meanwhile;
    // and its end before the streams, so that each stream up to it is listed.
    const bookmarks = await catalog.bookmarks();
    const records = await readRecords(provider, report);
    const end = (await provider.horizon?.())?.position;
    const streams = await catalog.streams();
    const check = new LogCheck(provider, report);
    const startedAt = performance.now();
    await check.run(streams, end, (position) => {
      terminal.signal.throwIfAborted();
      const fraction = typeof position === "number" && end > 0
        ? position / end
        : undefined;
      terminal.progress(progressLine(check.events, fraction, startedAt));
    });
    terminal.progress();
    for (const { bookmark, position } of bookmarks) {
      checkBookmark(bookmark, position, end, report);
    }
    checkRecords(records, check, report);
    const counts = {
      streams: streams.length,
      aggregates: check.versions.size,
      events: check.events,
      bookmarks: bookmarks.length,
      damages,
    };
    terminal.out(
      json
        ? toJson(counts)
        : `Checked ${counts.events} events of ${counts.aggregates} aggregates in ${counts.streams} streams, and ${counts.bookmarks} bookmarks: ${
          damages === 0 ? "all is well" : `${damages} damages`
        }`,
    );
    if (damages > 0) throw new FoundError(`${damages} damages`);
  },
};

function checkBookmark(
  bookmark: string,
  position: unknown,
  end: unknown,
  report: (damage: Damage) => void,
): void {
  const name = `Bookmark "${visible(bookmark)}"`;
  const order = toOrder(position);
  if (order === undefined || order < 0n) {
    const message = `${name} stands at ${
      visible(String(position))
    }, which is no position`;
    return report({ code: "BOOKMARK_INVALID", message });
  }
  const last = end === undefined ? undefined : toOrder(end);
  if (last !== undefined && order > last) {
    const message =
      `${name} stands at ${order}, behind the end of the log at ${last}: its handler would miss what comes between`;
    report({ code: "BOOKMARK_BEYOND_END", message });
  }
}

type Kinds = Map<string, StoredRecord[]>;

async function readRecords(
  { records }: Provider<any>,
  report: (damage: Damage) => void,
): Promise<Kinds> {
  const found: Kinds = new Map();
  if (!records) return found;
  for (const kind of [MEMBER, OWNER, BOOKMARK_RECORD, SNAPSHOT]) {
    try {
      found.set(kind, [...(await listAll(records, kind)).values()]);
    } catch (error) {
      if (!isDamage(error)) throw error;
      const message = `A record of the kind "${kind}" cannot be read: ${
        visible((error as Error).message)
      }`;
      report({ code: "RECORD_UNREADABLE", message });
    }
  }
  return found;
}

function checkRecords(
  found: Kinds,
  check: LogCheck,
  report: (damage: Damage) => void,
): void {
  for (const { key, value } of found.get(BOOKMARK_RECORD) ?? []) {
    if (!isOfParked(key)) continue;
    const { bookmark, stream, aggregateId, lastVersion } = value as ParkedValue;
    const last = check.versionOf(stream, aggregateId);
    if (lastVersion <= last) continue;
    const message = `Handler "${
      visible(bookmark)
    }" has parked version ${lastVersion} of "${
      visible(aggregateId)
    }" in stream "${visible(stream)}", whose last one is ${last}`;
    report({ code: "PARKED_BEYOND_END", message });
  }
  for (const { value } of found.get(SNAPSHOT) ?? []) {
    const { stream, aggregateId, snapshots } = value as {
      stream: string;
      aggregateId: string;
      snapshots: { at: number }[];
    };
    const last = check.versionOf(stream, aggregateId);
    const highest = Math.max(0, ...snapshots.map(({ at }) => at));
    if (highest <= last) continue;
    const message = `A snapshot has version ${highest} of "${
      visible(aggregateId)
    }" in stream "${visible(stream)}", whose last one is ${last}`;
    report({ code: "SNAPSHOT_BEYOND_END", message });
  }
}
