import type { StoreEvent } from "./event.ts";
import type { ReadOption } from "./handler_callbacks.ts";
import { keyRingOf } from "./key_ring.ts";
import type { StoreOptions } from "./provided_aggregate.ts";
import { readsOf, type SchemaOptions } from "./schema.ts";
import { type EventOpener, Sealer } from "./sealer.ts";
import { todaysEvents, type UpcastOptions } from "./todays_events.ts";

/**
 * How the events of these aggregates are read by handlers: decrypted, as what
 * they are today, and validated, in this order.
 *
 * @throws {StoreError} `INVALID_INPUT` for aggregates of one stream that do not
 * agree.
 */
export function readingOf(
  aggregates: ({ stream: string } & UpcastOptions & SchemaOptions)[],
  { provider, keys }: StoreOptions<any>,
): ReadOption {
  const isPersonal = aggregates.some(({ personal }) => personal);
  return {
    ...isPersonal &&
      { sealer: new Sealer(aggregates, () => keyRingOf(provider, keys)) },
    today: todaysEvents(aggregates),
    ...readsOf(aggregates),
  };
}

/**
 * The same of aggregates that have a provider: each knows its own keys.
 *
 * @throws {StoreError} `INVALID_INPUT` for aggregates of one stream that do not
 * agree.
 */
export function readingOfProvided(
  aggregates: readonly (
    & { stream: string; opener?: EventOpener }
    & UpcastOptions
    & SchemaOptions
  )[],
): ReadOption {
  const openers = aggregates.flatMap(({ opener }) => opener ?? []);
  return {
    ...openers.length > 0 && { sealer: joinOpeners(openers) },
    today: todaysEvents(
      aggregates.map(({ stream, upcast, opener }) => ({
        stream,
        upcast,
        personal: opener,
      })),
    ),
    ...readsOf([...aggregates]),
  };
}

/** Each leaves the events of other streams as they are. */
function joinOpeners(openers: EventOpener[]): EventOpener {
  return {
    async open<E extends StoreEvent<any>>(events: readonly E[], tx?: unknown) {
      let opened = [...events];
      for (const opener of openers) opened = await opener.open(opened, tx);
      return opened;
    },
  };
}
