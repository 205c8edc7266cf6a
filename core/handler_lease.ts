import { isStoredBookmark } from "./bookmark.ts";
import type { Clock } from "./clock.ts";
import type { EventHandlerOptions } from "./event_handler_options.ts";
import type { Lease } from "./lease.ts";
import { membershipOf } from "./membership.ts";
import type { Provider } from "./provider.ts";

/**
 * Asks for the lease of a handler's bookmark.
 *
 * @returns Undefined if the handler works without one: by `exclusive: false`,
 * because nobody shares its bookmark, or because the provider keeps no records.
 */
export function askForLease(
  options: EventHandlerOptions,
  provider: Provider<any>,
  { clock, changed, report }: {
    clock: Clock;
    changed: () => void;
    report: (error: unknown) => void;
  },
): Lease | undefined {
  const { bookmark, exclusive = true, slice } = options;
  if (slice) return slice.ask(changed, report);
  if (!exclusive || !isStoredBookmark(bookmark) || !provider.records) {
    return undefined;
  }
  const membership = membershipOf(provider, provider.records, clock);
  return membership.ask(bookmark, changed, report);
}
