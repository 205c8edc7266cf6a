import { type Event, type StoreEvent, toMeta } from "./event.ts";
import type { ReadOption } from "./handler_callbacks.ts";
import type { BatchedEvent } from "./handler_options.ts";
import type { ProviderOrPromise } from "./provider.ts";
import { startOfLog } from "./start_of_log.ts";
import { metaOfPart } from "./todays_events.ts";

const PAGE_SIZE = 1000;

/** Options of {@linkcode ReadEvents}. */
export type ReadEventsOptions = {
  /** Begin behind this position. Default: at the start of the log. */
  after?: any;
};

/**
 * Reads the events of some streams up to the end of the log as it is then, in
 * order, as what they are today: for an export, or a report. A handler keeps its
 * place; this keeps none.
 *
 * @param streams The streams.
 * @param options Where to begin.
 * @returns The events. Several that an upcaster made of one have its position in
 * common, and are told apart by `part`.
 */
export type ReadEvents<Body extends { [key: string]: Event }> = <
  S extends keyof Body & string,
>(
  streams: S[],
  options?: ReadEventsOptions,
) => AsyncGenerator<BatchedEvent<Pick<Body, S>>>;

/** Reads events as handlers of these options would. */
export async function* readEvents(
  provider: ProviderOrPromise<any>,
  streams: string[],
  { read, today, sealer }: ReadOption,
  { after }: ReadEventsOptions,
): AsyncGenerator<StoreEvent<any>> {
  const store = await provider;
  let position = after ?? await startOfLog(store);
  while (true) {
    const limit = store.limit || PAGE_SIZE;
    const page = await store.getEventsFrom(streams, position, limit);
    const opened = sealer ? await sealer.open(page) : page;
    for (const stored of opened) {
      const parts = today?.(stored) ?? [stored.event];
      for (const [part, event] of parts.entries()) {
        const meta = metaOfPart(toMeta(stored), part, parts);
        yield { ...meta, event: read ? read(event, meta) : event };
      }
    }
    // A page may be shorter than its limit, as where a provider has its own.
    if (page.length === 0) return;
    position = page.at(-1)!.position;
  }
}
