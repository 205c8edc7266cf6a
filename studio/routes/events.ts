import type { StoreEvent } from "../../core/event.ts";
import type { EventsAnswer, StudioEvent } from "../api.ts";
import type { StudioContext } from "../context.ts";
import {
  findTime,
  type LogPart,
  readBackward,
  readForward,
} from "../log_windows.ts";
import type { Parameters } from "../parameters.ts";
import { orderOf, positionAt, readOrder } from "../position_order.ts";
import { invalid } from "../request_error.ts";

/** The most events that a request reads. */
export const MOST_SCANNED = 10_000;
/** How far the clocks of writers may be apart, in milliseconds. */
const CLOCKS_MS = 60_000;

type Filter = {
  type: string | undefined;
  since: number | undefined;
  until: number | undefined;
  text: string | undefined;
};

/** `GET /api/events` */
export async function events(
  context: StudioContext,
  parameters: Parameters,
): Promise<EventsAnswer> {
  const { store } = context;
  const order = parameters.text("order") ?? "newest";
  if (order !== "newest" && order !== "oldest") {
    throw invalid("Expected order to be newest or oldest");
  }
  const filter: Filter = {
    type: parameters.text("type"),
    since: parameters.time("since"),
    until: parameters.time("until"),
    text: parameters.text("text")?.toLowerCase(),
  };
  const limit = parameters.whole("limit", [1, 200]) ?? 50;
  const given = parameters.text("from");
  const from = given === undefined ? undefined : readOrder(given);
  const stream = parameters.name("stream");
  const aggregate = parameters.name("aggregate");
  const names = stream === undefined ? await store.streams() : [stream];
  const log = aggregate === undefined
    ? await store.logOf(names)
    : await store.logOfAggregate(names, aggregate);
  const last = await newestOf(context, names, aggregate);
  if (!last) return { events: [], scanned: 0, next: null };
  const pages = order === "newest"
    ? await newestFirst(
      log,
      filter,
      from,
      orderOf(last.position, store.provider),
    )
    : await oldestFirst(
      log,
      filter,
      from,
      orderOf(last.position, store.provider),
    );
  return await collect(context, pages, filter, limit);
}

async function newestOf(
  { store }: StudioContext,
  names: string[],
  aggregate: string | undefined,
): Promise<StoreEvent<any> | undefined> {
  if (aggregate === undefined) return await store.newest(names);
  const found = await store.streamsWith(names, aggregate);
  return found.toSorted((one, two) =>
    orderOf(one.position, store.provider) <
        orderOf(two.position, store.provider)
      ? 1
      : -1
  )[0];
}

async function newestFirst(
  log: LogPart,
  { since, until }: Filter,
  from: bigint | undefined,
  end: bigint,
): Promise<AsyncGenerator<StoreEvent<any>[]>> {
  const before = from ??
    (until === undefined
      ? end + 1n
      : await findTime(log, end, until + CLOCKS_MS) + 1n);
  return untilTime(
    readBackward(log, before > end + 1n ? end + 1n : before),
    (time) => since !== undefined && time < since - CLOCKS_MS,
  );
}

async function oldestFirst(
  log: LogPart,
  { since, until }: Filter,
  from: bigint | undefined,
  end: bigint,
): Promise<AsyncGenerator<StoreEvent<any>[]>> {
  const first = orderOf(log.start, log.provider);
  const behind = from ??
    (since === undefined ? first : await findTime(log, end, since - CLOCKS_MS));
  const position = behind <= first ? log.start : positionAt(behind, log.start);
  return untilTime(
    readForward(log, position),
    (time) => until !== undefined && time >= until + CLOCKS_MS,
  );
}

/** Ends where no time can come that is asked for. */
async function* untilTime(
  pages: AsyncGenerator<StoreEvent<any>[]>,
  isPast: (time: number) => boolean,
): AsyncGenerator<StoreEvent<any>[]> {
  for await (const page of pages) {
    yield page;
    if (isPast(new Date(page.at(-1)!.timestamp).getTime())) return;
  }
}

async function collect(
  { shown }: StudioContext,
  pages: AsyncGenerator<StoreEvent<any>[]>,
  filter: Filter,
  limit: number,
): Promise<EventsAnswer> {
  const found: StudioEvent[] = [];
  let scanned = 0;
  for await (const page of pages) {
    const candidates = page.filter((stored) => isCandidate(stored, filter));
    if (filter.text === undefined) {
      const taken = candidates.slice(0, limit - found.length);
      found.push(...await shown.show(taken));
      if (found.length === limit) {
        return ended(found, scanned + page.indexOf(taken.at(-1)!) + 1);
      }
    } else {
      for (const one of await shown.show(candidates)) {
        if (!hasText(one, filter.text)) continue;
        found.push(one);
        if (found.length === limit) {
          const index = page.findIndex(({ position }) =>
            String(position) === one.position
          );
          return ended(found, scanned + index + 1);
        }
      }
    }
    scanned += page.length;
    if (scanned >= MOST_SCANNED) {
      const next = String(page.at(-1)!.position);
      return { events: found, scanned, next };
    }
  }
  return { events: found, scanned, next: null };
}

function ended(events: StudioEvent[], scanned: number): EventsAnswer {
  return { events, scanned, next: events.at(-1)!.position };
}

function isCandidate(
  { event, timestamp }: StoreEvent<any>,
  { type, since, until }: Filter,
): boolean {
  const time = new Date(timestamp).getTime();
  return (type === undefined || event?.type === type) &&
    (since === undefined || time >= since) &&
    (until === undefined || time < until);
}

/** In what is shown, so that nobody can guess what is encrypted. */
function hasText({ event, metadata }: StudioEvent, text: string): boolean {
  return JSON.stringify(event).toLowerCase().includes(text) ||
    (metadata !== undefined &&
      JSON.stringify(metadata).toLowerCase().includes(text));
}
