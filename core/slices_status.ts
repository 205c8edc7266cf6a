import type { StoreEvent } from "./event.ts";
import {
  countParked,
  type HandlerLag,
  type HandlerShards,
  type HandlerStatus,
  mostCounted,
  type StatusParts,
} from "./handler_status.ts";
import type { ParkedAggregate } from "./parked_events.ts";
import { isSamePosition } from "./position.ts";
import type { Provider } from "./provider.ts";
import { sliceOf } from "./slices.ts";

/** What a slice is doing, and where it stands. */
export type SliceNow =
  & Pick<StatusParts, "state" | "lastError" | "owner">
  & { position: any };

/** Where the slice stands that is furthest behind, and how far all are. */
export type SlicesLag = { position: any; lag: HandlerLag };

/**
 * How far slices are behind, counted in each from where it stands. Those whose
 * place is in one page need no other: a few pages, as a rule.
 *
 * @param places Where each slice stands, from 0 on.
 * @param now In milliseconds since 1970.
 */
export async function readSlicesLag(
  provider: Provider<any>,
  streams: string[],
  places: any[],
  now: number,
): Promise<SlicesLag> {
  const limit = mostCounted(provider);
  const found: { place: any; behind: StoreEvent<any>[] }[] = [];
  let isFull = false;
  let left = places.map((place, slice) => ({ place, slice }));
  while (left.length > 0) {
    const from = left[0]!.place;
    const page = await provider.getEventsFrom(streams, from, limit);
    isFull ||= page.length >= limit;
    left = left.filter(({ place, slice }) => {
      const count = countAt(place, from, page);
      if (count === undefined) return true;
      const behind = page.slice(count).filter((event) =>
        sliceOf(event) === slice
      );
      found.push({ place, behind });
      return false;
    });
  }
  const waiting = found.flatMap(({ place, behind: [event] }) =>
    event ? [{ place, age: now - new Date(event.timestamp).getTime() }] : []
  );
  // Of an event whose process has a clock that is ahead, it is negative.
  waiting.sort((one, other) => other.age - one.age);
  const [oldest] = waiting;
  const count = found.reduce((sum, { behind }) => sum + behind.length, 0);
  return {
    position: (oldest ?? found.at(-1)!).place,
    lag: {
      events: Math.min(count, limit),
      more: isFull,
      seconds: Math.max(0, oldest?.age ?? 0) / 1000,
    },
  };
}

/** How many events of a page a place is behind; undefined if that is unknown. */
function countAt(
  place: any,
  from: any,
  page: StoreEvent<any>[] & { scannedTo?: any },
): number | undefined {
  if (isSamePosition(place, from)) return 0;
  const last = page.findLastIndex(({ position }) =>
    isSamePosition(position, place)
  );
  if (last >= 0) return last + 1;
  return isSamePosition(place, page.scannedTo) ? page.length : undefined;
}

/** How a handler with shards is doing. */
export async function readSlicesStatus(
  provider: Provider<any>,
  { name, state, streams, shards, slices, parked, now, lastError: own }:
    & Pick<StatusParts, "name" | "state" | "streams" | "now" | "lastError">
    & { shards: number; slices: SliceNow[]; parked: ParkedAggregate[] },
): Promise<HandlerStatus> {
  const horizon = await provider.horizon?.();
  const places = slices.map(({ position }) => position);
  const failures = [own, ...slices.map(({ lastError }) => lastError)]
    .filter((failure) => failure !== undefined);
  const lastError = failures.reduce(
    (newest, one) => newest && newest.at > one.at ? newest : one,
    failures[0],
  );
  return {
    name,
    state,
    ...await readSlicesLag(provider, streams, places, now),
    parked: countParked(parked),
    ...lastError && { lastError: { ...lastError } },
    shards: shardsOf(shards, slices),
    ...horizon && { horizon },
  };
}

function shardsOf(count: number, slices: SliceNow[]): HandlerShards {
  const owners = new Map<string, HandlerShards["owners"][number]>();
  const own: number[] = [];
  slices.forEach(({ owner }, slice) => {
    if (!owner) return;
    if (owner.self) own.push(slice);
    const before = owners.get(owner.member)?.slices ?? 0;
    owners.set(owner.member, { ...owner, slices: before + 1 });
  });
  return { count, slices: own, owners: [...owners.values()] };
}
