import type { StoreEvent } from "../core/event.ts";
import type { Provider } from "../core/provider.ts";

/** How many events are read at a time. */
export const PAGE_SIZE = 1000;

/** The log of some streams after a position, page by page, to its end. */
export async function* readLog(
  provider: Provider<any>,
  streams: string[],
  from: any,
): AsyncGenerator<StoreEvent<any>[]> {
  if (streams.length === 0) return;
  let position = from;
  for (;;) {
    const page = await provider.getEventsFrom(streams, position, PAGE_SIZE);
    const last = page.at(-1);
    if (!last) return;
    yield page;
    position = last.position;
  }
}
