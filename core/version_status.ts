import { countUpTo } from "./place_in_page.ts";
import type { Provider } from "./provider.ts";
import { type RebuildProgress, storedAt } from "./rebuild_progress.ts";
import { startOfLog } from "./start_of_log.ts";
import {
  bookmarkOf,
  type NumberedHandler,
  takeOverPlaceOf,
} from "./version_names.ts";
import type { LiveVersion } from "./version_record.ts";

/** The most events that a status counts. */
const MOST_COUNTED = 1000;

/** Which version of a handler this is, and which one is live. */
export type HandlerVersionStatus = {
  /** Its own number. */
  number: number;
  /** That of the one that is live: whose read model is to be read. */
  live: number;
  /**
   * The last position that a version before it has handled; from there on this
   * one is live. Absent until its first event after the take-over.
   */
  takenOverAt?: any;
};

/** How far a version has come that is not live yet. */
export type HandlerRebuild = {
  /** How many events it has gone through in this process. */
  handled: number;
  /** How many are left that the live version has handled; counted to 1,000. */
  remaining: number;
  /** Whether there are more than those. */
  more: boolean;
  /** The share that is done, from 0 to 1, by the times the events were stored. */
  ratio: number;
  /**
   * How long it will take in milliseconds, at the speed so far in this process;
   * absent where nothing is known of that.
   */
  estimateMs?: number;
};

/** What is asked for. */
export type VersionStatusContext = {
  provider: Provider<any>;
  handler: NumberedHandler;
  streams: string[];
  /** Where this version stands. */
  position: any;
  value: LiveVersion;
  progress: RebuildProgress;
};

/** Which version is live, and how far this one has come if it is another. */
export async function readVersionStatus(
  context: VersionStatusContext,
): Promise<{ version?: HandlerVersionStatus; rebuild?: HandlerRebuild }> {
  const { provider, handler, value: { live, open } } = context;
  const { name, version: number } = handler;
  if (number === 1 && live === 1) return {};
  const version: HandlerVersionStatus = { number, live };
  if (number > live) {
    return { version, rebuild: await readRebuild(context) };
  }
  if (number === live && open.length === 0) {
    const place = takeOverPlaceOf(name, number);
    version.takenOverAt = await provider.getPosition(place);
  }
  return { version };
}

async function readRebuild(
  { provider, handler, streams, position, value, progress }:
    VersionStatusContext,
): Promise<HandlerRebuild> {
  const limit = Math.min(provider.limit || MOST_COUNTED, MOST_COUNTED);
  const events = await provider.getEventsFrom(streams, position, limit);
  const place = await provider.getPosition(
    bookmarkOf(handler.name, value.live),
  );
  const page = { from: position, events };
  const remaining = Math.max(
    0,
    await countUpTo(provider, streams, page, place),
  );
  const more = remaining >= limit;
  const [first] = await provider.getEventsFrom(
    streams,
    await startOfLog(provider),
    1,
  );
  const last = await provider.getLastEventFor(streams);
  const end = last ? storedAt(last) : 0;
  const { handled } = progress;
  const estimateMs = progress.estimate(more ? undefined : remaining, end);
  let ratio = 1;
  if (remaining > 0) {
    const begin = storedAt(first!);
    ratio = end > begin
      ? (storedAt(events[0]!) - begin) / (end - begin)
      : handled / (handled + remaining);
  }
  return {
    handled,
    remaining,
    more,
    ratio: Math.min(1, Math.max(0, ratio)),
    ...estimateMs !== undefined && { estimateMs },
  };
}
