/**
 * An event as an application writes it: a fact, told apart by its `type`.
 *
 * @example
 * ```ts
 * import type { Event } from "evtstore";
 *
 * type UserEvent = { type: "UserCreated" } | { type: "NameChanged"; name: string };
 * const event: UserEvent & Event = { type: "NameChanged", name: "Ada" };
 * ```
 */
export type Event = {
  /** The name of the fact; it tells the events of a stream apart. */
  type: string;
};

/**
 * What is known about an event beside its content: who caused it, on whose
 * behalf, and whatever an application adds. Any value that JSON can hold.
 */
export type EventMetadata = {
  /** Ties together everything that came of one request. */
  correlationId?: string;
  /** What directly caused this event: a command, or another event. */
  causationId?: string;
  /** Whatever an application adds, such as a user or a tenant. */
  [key: string]: unknown;
};

/**
 * Where and when an event was stored.
 *
 * `position` orders the events of all streams and belongs to the provider: a
 * number on SQL, a `Timestamp` on MongoDB. Compare it with nothing but other
 * positions of the same provider.
 */
export type EventMeta = {
  /** The stream that the event was appended to. */
  stream: string;
  /** The place of the event in the order of all events. */
  position: any;
  /** The place of the event among those of its aggregate, from 1. */
  version: number;
  /** When the event was appended. */
  timestamp: Date;
  /** The aggregate that the event belongs to. */
  aggregateId: string;
  /** What the command added; absent on events stored without it. */
  metadata?: EventMetadata;
  /**
   * Which of the events it is that an upcaster made of a stored one, from 0;
   * they have all else in common. Absent where it made one event only.
   */
  part?: number;
  /**
   * In a handler with a `version`: true for an event that the version before it
   * has handled. Do not send again what that one has sent.
   */
  replay?: true;
};

/** An event together with where and when it was stored. */
export type StoreEvent<E = unknown, A = unknown> = EventMeta & {
  /** What the command handler returned. */
  event: E & { __persisted?: A };
};

/** The member of the union `E` whose `type` is `T`. */
export type Ext<E extends Event, T extends E["type"]> = E extends { type: T }
  ? E
  : never;

/**
 * The part of a stored event that tells where and when it was stored.
 *
 * @param replay Whether an earlier version of the handler has handled it.
 */
export function toMeta(
  stored: StoreEvent<any, any>,
  replay = false,
): EventMeta {
  const meta: EventMeta = {
    aggregateId: stored.aggregateId,
    position: stored.position,
    stream: stored.stream,
    // Some providers of evtstore 12 give a text.
    timestamp: stored.timestamp instanceof Date
      ? stored.timestamp
      : new Date(stored.timestamp),
    version: stored.version,
  };
  if (stored.metadata) meta.metadata = stored.metadata;
  if (replay) meta.replay = true;
  return meta;
}

/**
 * Makes a provider's `createEvents`: the events of one command, numbered from
 * `version`, with a position that `append` replaces.
 */
export function createEventsMapper<E extends Event>(
  position: unknown,
): (
  stream: string,
  aggregateId: string,
  version: number,
  events: E[],
) => StoreEvent<E>[] {
  return (stream, aggregateId, version, events) => {
    const timestamp = new Date();
    return events.map((event, index) => ({
      stream,
      position,
      version: version + index,
      timestamp,
      event,
      aggregateId,
    }));
  };
}
