import type { StoreEvent } from "../../core/event.ts";
import type { StreamRate, StreamsAnswer } from "../api.ts";
import type { StudioContext, StudioStore } from "../context.ts";
import { readBackward } from "../log_windows.ts";
import { orderOf } from "../position_order.ts";
import { toTime } from "../shown_events.ts";

const BUCKETS = 30;
const SAMPLE = 1000;
/** So many streams without an event in the sample are looked up. */
const MOST_LOOKED_UP = 200;
const AT_ONCE = 8;

/** `GET /api/streams` */
export async function streams(
  { store }: StudioContext,
): Promise<StreamsAnswer> {
  const names = await store.streams();
  const sample = await newestEvents(store, names);
  const now = Date.now();
  const since = Math.min(now, ...sample.map(timeOf));
  const rates = new Map(names.map((name) => [name, emptyRate(name)]));
  const span = Math.max(1, now - since);
  for (const event of sample) {
    const rate = rates.get(event.stream);
    if (!rate) continue;
    rate.recent++;
    rate.newest ??= toNewest(event);
    const part = Math.floor((timeOf(event) - since) / span * BUCKETS);
    rate.buckets[Math.min(BUCKETS - 1, Math.max(0, part))]!++;
  }
  for (const rate of rates.values()) {
    rate.perMinute = rate.recent / (span / 60_000);
  }
  const quiet = [...rates.values()].filter(({ newest }) => newest === null);
  await lookUp(store, quiet.slice(0, MOST_LOOKED_UP));
  return {
    streams: [...rates.values()],
    sample: {
      events: sample.length,
      since: sample.length > 0 ? new Date(since).toISOString() : null,
      until: new Date(now).toISOString(),
    },
  };
}

async function newestEvents(
  store: StudioStore,
  names: string[],
): Promise<StoreEvent<any>[]> {
  const last = await store.newest(names);
  if (!last) return [];
  const log = await store.logOf(names);
  const end = orderOf(last.position, store.provider);
  const found: StoreEvent<any>[] = [];
  for await (const page of readBackward(log, end + 1n)) {
    found.push(...page);
    if (found.length >= SAMPLE) break;
  }
  return found.slice(0, SAMPLE);
}

async function lookUp(store: StudioStore, rates: StreamRate[]): Promise<void> {
  for (let next = 0; next < rates.length; next += AT_ONCE) {
    await Promise.all(
      rates.slice(next, next + AT_ONCE).map(async (rate) => {
        const newest = await store.newest([rate.stream]);
        if (newest) rate.newest = toNewest(newest);
      }),
    );
  }
}

function emptyRate(stream: string): StreamRate {
  const buckets = new Array(BUCKETS).fill(0);
  return { stream, recent: 0, perMinute: 0, buckets, newest: null };
}

function toNewest(event: StoreEvent<any>): StreamRate["newest"] {
  return {
    position: String(event.position),
    timestamp: toTime(event.timestamp),
    type: String(event.event?.type ?? ""),
    aggregateId: event.aggregateId,
  };
}

function timeOf({ timestamp }: StoreEvent<any>): number {
  return new Date(timestamp).getTime() || 0;
}
