import type { GetAggregateOptions } from "./aggregate.ts";
import type { Event, StoreEvent } from "./event.ts";
import type { Provider } from "./provider.ts";

/** How many events a load reads at a time: most aggregates have fewer. */
const PAGE_SIZE = 5000;

/** The events of one aggregate after a position, a page at a time. */
export async function* readPages<E extends Event>(
  provider: Provider<E>,
  stream: string,
  id: string,
  fromPosition: any,
  { tx }: GetAggregateOptions,
): AsyncGenerator<StoreEvent<E>[]> {
  const options = tx === undefined ? {} : { tx };
  const limit = Math.min(PAGE_SIZE, provider.limit || PAGE_SIZE);
  let position = fromPosition;
  while (true) {
    const page = await provider.getEventsFor(stream, id, position, {
      ...options,
      limit,
    });
    yield page;
    if (page.length < limit) return;
    position = page.at(-1)!.position;
  }
}
