import type { StoreEvent } from "./event.ts";
import type { HandlerOwner } from "./lease.ts";
import type { ParkedAggregate } from "./parked_events.ts";
import type { Horizon, Provider } from "./provider.ts";
import type { HandlerRebuild, HandlerVersionStatus } from "./version_status.ts";

/** The most events that a status counts. */
const MOST_COUNTED = 1000;

/**
 * What a handler does:
 *
 * - `stopped`: nothing, until it is started.
 * - `retired`: nothing any more, for a later version has taken over, or the
 *   same handler with `shards`.
 * - `standby`: it waits for the lease of its bookmark; see `owner`.
 * - `rebuilding`: it handles what the live version has handled; see `rebuild`.
 * - `working`: it handles events.
 * - `idle`: it has handled everything that there is.
 * - `retrying`: it failed, see `lastError`, and pauses before the next try.
 */
export type HandlerState =
  | "stopped"
  | "retired"
  | "standby"
  | "rebuilding"
  | "working"
  | "idle"
  | "retrying";

/** How far a handler is behind its streams. */
export type HandlerLag = {
  /** How many events it has not handled; counted to 1,000. */
  events: number;
  /** Whether there are more than those. */
  more: boolean;
  /** The age of the oldest of them in seconds; 0 if there is none. */
  seconds: number;
};

/** The last failure of a handler. */
export type HandlerFailure = {
  /** What was thrown. */
  error: unknown;
  /** When. */
  at: Date;
  /** When the first failure of those in a row was. */
  since: Date;
  /** How many failures in a row; 0 once it went on. */
  attempts: number;
  /** The event in hand, if it was a callback that threw. */
  event?: StoreEvent<any>;
};

/** How much is parked of a handler. */
export type HandlerParked = {
  /** How many aggregates. */
  aggregates: number;
  /** How many of their events, from those that failed on; at most. */
  events: number;
};

/** How a handler with `shards` is shared out, as far as is known here. */
export type HandlerShards = {
  /** Into how many parts this process shares it out. */
  count: number;
  /** The slices, of 0 to 63, that this process works on. */
  slices: number[];
  /** Who works on how many slices. */
  owners: (HandlerOwner & {
    /** How many. */
    slices: number;
  })[];
};

/** How a handler is doing. */
export type HandlerStatus = {
  /** The name of its bookmark. */
  name: string;
  /** What it does in this process. */
  state: HandlerState;
  /**
   * The last event that is handled, in this process or by the owner; with
   * `shards`, in the slice that is furthest behind.
   */
  position: any;
  /** How far it is behind. */
  lag: HandlerLag;
  /** What it has parked; see its `parked()`. It is not part of the lag. */
  parked: HandlerParked;
  /** Which version is live; absent where there has only been one. */
  version?: HandlerVersionStatus;
  /** How far it is from taking over; absent from then on. */
  rebuild?: HandlerRebuild;
  /** The last failure in this process, also one that is over. */
  lastError?: HandlerFailure;
  /** Who works on the bookmark; absent where that is not known. */
  owner?: HandlerOwner;
  /** How it is shared out; absent for a handler without `shards`. */
  shards?: HandlerShards;
  /** What holds the end of the log back, where the provider can say. */
  horizon?: Horizon;
};

/** What a status is made of, beside the log. */
export type StatusParts =
  & Pick<HandlerStatus, "name" | "state" | "position" | "version" | "rebuild">
  & {
    streams: string[];
    now: number;
    parked: ParkedAggregate[];
    lastError: HandlerFailure | undefined;
    owner: HandlerOwner | undefined;
  };

/** How a handler is doing, with how far it is behind. */
export async function readStatus(
  provider: Provider<any>,
  { name, state, position, streams, now, parked, lastError, owner, ...rest }:
    StatusParts,
): Promise<HandlerStatus> {
  const horizon = await provider.horizon?.();
  return {
    name,
    state,
    position,
    lag: await readLag(provider, streams, position, now),
    parked: countParked(parked),
    ...rest,
    ...lastError && { lastError: { ...lastError } },
    ...owner && { owner },
    ...horizon && { horizon },
  };
}

/** The most events that are counted. */
export function mostCounted(provider: Provider<any>): number {
  return provider.limit ? Math.min(provider.limit, MOST_COUNTED) : MOST_COUNTED;
}

/** How much is parked. */
export function countParked(parked: ParkedAggregate[]): HandlerParked {
  return {
    aggregates: parked.length,
    events: parked.reduce(
      (sum, { version, lastVersion }) => sum + lastVersion - version + 1,
      0,
    ),
  };
}

/** Counts what comes after a position. */
export async function readLag(
  provider: Provider<any>,
  streams: string[],
  position: any,
  now: number,
): Promise<HandlerLag> {
  const limit = mostCounted(provider);
  const events = await provider.getEventsFrom(streams, position, limit);
  const [oldest] = events;
  const age = oldest ? now - new Date(oldest.timestamp).getTime() : 0;
  return {
    events: events.length,
    more: events.length >= limit,
    seconds: Math.max(0, age / 1000),
  };
}
