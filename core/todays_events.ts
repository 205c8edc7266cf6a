import { digest } from "./digest.ts";
import { StoreError } from "./errors.ts";
import type { Event, EventMeta, StoreEvent } from "./event.ts";
import { toMeta } from "./event.ts";
import type { PersonalOptions } from "./personal.ts";
import { checkReadable } from "./sealer.ts";
import type { Upcaster, Upcasters } from "./upcast.ts";

/** What is known of the old events of a stream. */
export type UpcastOptions = {
  /** How stored events become those of today. */
  upcast?: Upcasters | undefined;
  /** Which of their fields are personal. */
  personal?: PersonalOptions | undefined;
};

/**
 * The events of today that a stored event is; undefined if it is what it is.
 *
 * @throws {StoreError} `INVALID_EVENT` if an upcaster fails; `CANNOT_DECRYPT` if
 * it could not be.
 */
export type TodaysEvents = (
  stored: StoreEvent<any>,
) => readonly Event[] | undefined;

/**
 * What a stored event is today. One stored event stays one step, whatever it
 * has become: its position and its version are passed once, with all of it.
 *
 * @returns Undefined if its type has no upcaster.
 * @throws {StoreError} `INVALID_EVENT` if an upcaster fails.
 */
export function upcastEvent(
  { steps }: Upcasters,
  stored: StoreEvent<any>,
): Event[] | undefined {
  const { __persisted: _, ...event } = stored.event;
  return Object.hasOwn(steps, event.type)
    ? apply(steps, event, toMeta(stored), [])
    : undefined;
}

function apply(
  steps: Upcasters["steps"],
  event: Event,
  meta: EventMeta,
  applied: readonly string[],
): Event[] {
  const { type } = event;
  if (applied.includes(type) || !Object.hasOwn(steps, type)) return [event];
  const made = callUpcaster(type, steps[type]!, event, meta);
  const next = [...applied, type];
  return made.flatMap((one) => apply(steps, one, meta, next));
}

function callUpcaster(
  type: string,
  upcaster: Upcaster,
  event: Event,
  meta: EventMeta,
): readonly Event[] {
  let made: Event | readonly Event[];
  try {
    made = upcaster(event, meta);
  } catch (error) {
    throw failed(type, meta, "it threw; see the cause", error);
  }
  const events: readonly unknown[] = Array.isArray(made) ? made : [made];
  for (const one of events) {
    const isEvent = typeof (one as Event | undefined)?.type === "string";
    if (isEvent) continue;
    const reason = typeof (one as Promise<unknown>)?.then === "function"
      ? "it returned a promise, and must be synchronous"
      : "it returned no event; to drop one, return []";
    throw failed(type, meta, reason);
  }
  return events as readonly Event[];
}

function failed(
  type: string,
  { stream, aggregateId, version }: EventMeta,
  reason: string,
  cause?: unknown,
): StoreError {
  return new StoreError(
    "INVALID_EVENT",
    `The upcaster of "${type}" failed on version ${version} of "${aggregateId}" in stream "${stream}": ${reason}`,
    {
      field: `upcast.${type}`,
      stream,
      aggregateId,
      ...cause !== undefined && { cause },
    },
  );
}

/** Where and when an event of today was stored: one of several says which. */
export function metaOfPart(
  meta: EventMeta,
  part: number,
  parts: readonly Event[],
): EventMeta {
  return parts.length > 1 ? { ...meta, part } : meta;
}

/**
 * How the events of these aggregates' streams are read.
 *
 * @returns Undefined where none of them has upcasters.
 * @throws {StoreError} `INVALID_INPUT` for two aggregates of one stream that do
 * not agree.
 */
export function todaysEvents(
  aggregates: ({
    stream: string;
    upcast?: Upcasters | undefined;
    /** Whether some of its fields are. */
    personal?: unknown;
  })[],
): TodaysEvents | undefined {
  const personal = new Set<string>();
  const streams = new Map<string, Upcasters | undefined>();
  for (const one of aggregates) {
    const { stream, upcast } = one;
    if (one.personal) personal.add(stream);
    if (streams.has(stream) && streams.get(stream) !== upcast) {
      throw new StoreError(
        "INVALID_INPUT",
        `Cannot upcast the events of stream "${stream}" in two ways: give all of its aggregates the same upcasters`,
        { field: "upcast", stream },
      );
    }
    streams.set(stream, upcast);
  }
  const isPlain = [...streams.values()].every((upcast) => !upcast);
  if (isPlain && personal.size === 0) return undefined;
  return (stored) => {
    if (personal.has(stored.stream)) checkReadable(stored);
    const upcast = streams.get(stored.stream);
    return upcast && upcastEvent(upcast, stored);
  };
}

/**
 * The version of what was folded: it also tells by which upcasters. Their source
 * is part of it, so that a changed one makes stale what it has led to; what they
 * call is not.
 */
export function foldVersion(
  version: string,
  { upcast, personal }: UpcastOptions,
): string {
  // One that is encrypted, and one that is not, are not taken for each other.
  if (personal) return `${foldVersion(version, { upcast })}+sealed`;
  if (!upcast) return version;
  const source = Object.entries(upcast.steps)
    .map(([type, step]) => [type, String(step)])
    .sort();
  return `${version}+${digest(JSON.stringify(source)).slice(0, 16)}`;
}
