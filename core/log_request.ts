import type { EventPage, Provider } from "./provider.ts";

/** How many events of the log are read at a time, unless a provider has less. */
export const PAGE_SIZE = 1000;

/** The most events of a page of this provider's log. */
export function pageLimit({ limit }: Provider<any>): number {
  return limit || PAGE_SIZE;
}

/** The next events of some streams. */
export function requestPage(
  provider: Provider<any>,
  streams: string[],
  position: any,
): Promise<EventPage<any>> {
  return provider.getEventsFrom(streams, position, pageLimit(provider));
}
