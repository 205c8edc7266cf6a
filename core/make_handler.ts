import { EventHandler } from "./event_handler.ts";
import type { EventHandlerOptions } from "./event_handler_options.ts";
import { ShardedHandler } from "./sharded_handler.ts";

/** What works on a bookmark, whether it is shared out or not. */
export type AnyHandler = EventHandler | ShardedHandler;

/** Makes what works on a bookmark. */
export function makeHandler(options: EventHandlerOptions): AnyHandler {
  return options.shards === undefined
    ? new EventHandler(options)
    : new ShardedHandler(options);
}
