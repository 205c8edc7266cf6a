import type { GetAggregateOptions } from "./aggregate.ts";
import type { Event, StoreEvent } from "./event.ts";
import type { Provider } from "./provider.ts";

/** How many events a load reads at a time: most aggregates have fewer. */
const PAGE_SIZE = 5000;

/** Some events of an aggregate, and whether there are no more. */
export type AggregatePage<E extends Event> = {
  page: StoreEvent<E>[];
  isLast: boolean;
};

/** The first events of one aggregate after a position. */
export async function readPage<E extends Event>(
  provider: Provider<E>,
  stream: string,
  id: string,
  fromPosition: any,
  { tx }: GetAggregateOptions,
): Promise<AggregatePage<E>> {
  const limit = Math.min(PAGE_SIZE, provider.limit || PAGE_SIZE);
  const page = await provider.getEventsFor(
    stream,
    id,
    fromPosition,
    tx === undefined ? { limit } : { tx, limit },
  );
  return { page, isLast: page.length < limit };
}

/** The events of one aggregate after a position, a page at a time. */
export async function* readPages<E extends Event>(
  provider: Provider<E>,
  stream: string,
  id: string,
  fromPosition: any,
  options: GetAggregateOptions,
): AsyncGenerator<StoreEvent<E>[]> {
  for (let position = fromPosition;;) {
    const { page, isLast } = await readPage(
      provider,
      stream,
      id,
      position,
      options,
    );
    yield page;
    if (isLast) return;
    position = page.at(-1)!.position;
  }
}
