import type { ReadOption } from "./handler_callbacks.ts";
import { keyRingOf } from "./key_ring.ts";
import type { StoreOptions } from "./provided_aggregate.ts";
import { readsOf, type SchemaOptions } from "./schema.ts";
import { Sealer } from "./sealer.ts";
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
