import type { Event, EventMetadata, StoreEvent } from "../core/event.ts";
import type { MemoryProvider } from "../providers/memory.ts";

/** An event of the past: as it is, or with what was stored beside it. */
export type GivenEvent<E extends Event> = E | {
  /** The event. */
  event: E;
  /** The metadata that it was stored with. */
  metadata?: EventMetadata;
  /** When it was stored. Default: now. */
  timestamp?: Date;
};

/** An event that must be stored: as it is, or with its metadata. */
export type ExpectedEvent<E extends Event> = E | {
  /** The event. */
  event: E;
  /** The metadata that it must be stored with. */
  metadata: EventMetadata | undefined;
};

/** Stores events behind those that the aggregate has. */
export async function storeGiven(
  provider: MemoryProvider<any>,
  stream: string,
  aggregateId: string,
  given: GivenEvent<any>[],
): Promise<void> {
  const last = await provider.getLastEventFor(stream, aggregateId);
  const version = (last?.version ?? 0) + 1;
  const created = provider.createEvents(
    stream,
    aggregateId,
    version,
    given.map((one) => isBare(one) ? one : one.event),
  );
  const described = created.map((stored, index) => {
    const one = given[index]!;
    if (isBare(one)) return stored;
    const { metadata, timestamp = stored.timestamp } = one;
    return { ...stored, timestamp, ...metadata && { metadata } };
  });
  await provider.append(stream, aggregateId, version, described);
}

/** What was stored in an aggregate behind the given events. */
export async function storedAfter(
  provider: MemoryProvider<any>,
  stream: string,
  aggregateId: string,
  given: number,
): Promise<StoreEvent<any>[]> {
  const events = await provider.getEventsFor(stream, aggregateId);
  return events.slice(given);
}

/** Stored events in the form in which others were expected. */
export function inFormOf(
  expected: ExpectedEvent<any>[],
  stored: StoreEvent<any>[],
): unknown[] {
  return stored.map(({ event, metadata }, index) => {
    const { __persisted, ...content } = event;
    const wanted = expected[index];
    return wanted === undefined || isBare(wanted)
      ? content
      : { event: content, metadata };
  });
}

/** Values as the log gives them back. */
export function asStored(expected: ExpectedEvent<any>[]): unknown[] {
  return expected.map((one) => JSON.parse(JSON.stringify(one)));
}

function isBare(one: GivenEvent<any>): one is Event {
  return typeof one.type === "string";
}
