import { aggregateKey } from "../../core/aggregate_key.ts";
import { StoreError, type StoreErrorFacts } from "../../core/errors.ts";
import type { StoreEvent } from "../../core/event.ts";
import type { Coalescable } from "./coalescer.ts";

/** Events as text: what is changed later is not stored. */
export type EventTexts = { events: string[]; metadata: (string | null)[] };

/** Makes texts of the events. */
export function textsOf(events: StoreEvent<any>[]): EventTexts {
  return {
    events: events.map(({ event }) => JSON.stringify(event)),
    metadata: events.map(({ metadata }) =>
      metadata === undefined ? null : JSON.stringify(metadata)
    ),
  };
}

/** What an append is to those that it could share a statement with. */
export function coalescableOf(
  { stream, aggregateId, events, metadata }: EventTexts & {
    stream: string;
    aggregateId: string;
  },
): Coalescable {
  return {
    key: aggregateKey(stream, aggregateId),
    size: events.length,
    characters: [...events, ...metadata]
      .reduce((sum, text) => sum + (text?.length ?? 0), 0),
  };
}

/**
 * An error of all of a group, as that of one: each caller gets its own.
 *
 * @param error What was thrown.
 * @param own What the dialect makes of it; the same one if that was done before.
 */
export function ownErrorOf(
  error: unknown,
  own: unknown,
  facts: StoreErrorFacts | undefined,
): unknown {
  return own === error && error instanceof StoreError
    ? new StoreError(error.code, error.message, { ...facts, cause: error })
    : own;
}
