import { type HandlerBookmark, nameOf } from "./bookmark.ts";
import type { Lease } from "./lease.ts";

/** What makes a handler work on one slice of a whole. */
export type HandlerSlice = {
  /** The name of the whole's bookmark: what is parked belongs to that. */
  handler: string;
  /** Asks for the lease of the slice. */
  ask(changed: () => void, report: (error: unknown) => void): Lease;
};

/** What errors call a handler, and what is parked of it belongs to. */
export function handlerNameOf(
  { bookmark, slice }: {
    bookmark: HandlerBookmark;
    slice?: HandlerSlice | undefined;
  },
): string {
  return slice?.handler ?? nameOf(bookmark);
}
