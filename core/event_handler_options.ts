import type { HandlerBookmark } from "./bookmark.ts";
import type { ReadOption } from "./handler_callbacks.ts";
import type { DomainHandlerOpts } from "./handler_options.ts";
import type { HandlerSlice } from "./handler_slice.ts";
import type { ProviderOrPromise } from "./provider.ts";

/** What an `EventHandler` is made of. */
export type EventHandlerOptions = DomainHandlerOpts & ReadOption & {
  /** Where its place is kept. */
  bookmark: HandlerBookmark;
  /** The streams it handles. */
  streams: string[];
  /** Where the events are. */
  provider: ProviderOrPromise<any>;
  /** Which slice it works on, of a handler with shards. */
  slice?: HandlerSlice;
  /**
   * Called when everything is handled that there was at the last read, in the
   * turn of the handler, with how many events that gave.
   */
  caughtUp?: (enough: () => boolean, events: number) => Promise<void>;
};
