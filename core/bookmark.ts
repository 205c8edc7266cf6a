import type { Event } from "./event.ts";
import type { ProviderOrPromise } from "./provider.ts";
import { checkName } from "./validation.ts";

/**
 * Where a handler keeps its place in the log. An application can write its own,
 * for example to keep the place beside a read model in another database.
 */
export type ProviderBookmark = {
  /** What errors call it. */
  readonly name: string;
  /** The place that was stored last; that of a new bookmark if none was. */
  getPosition(): Promise<any>;
  /**
   * Stores the place.
   *
   * @param position The position of the last event that was handled.
   * @param options With `from`, store it only if the stored place is that one.
   * @returns False if `from` is not the stored place; anything else is success.
   */
  setPosition(
    position: any,
    options?: { from?: any },
  ): Promise<boolean | void>;
};

/** The name of a bookmark in the handler's provider, or a bookmark of one's own. */
export type HandlerBookmark = string | ProviderBookmark;

/** What errors call a bookmark. */
export function nameOf(bookmark: HandlerBookmark): string {
  return typeof bookmark === "string" ? bookmark : bookmark.name;
}

/**
 * A bookmark that is kept in memory only: the handler starts from the first
 * event each time its process starts, as a read model in memory needs it.
 *
 * @example
 * ```ts
 * import { createHandler, MemoryBookmark } from "evtstore";
 * import { createProvider } from "evtstore/provider/memory";
 *
 * const names = new Map<string, string>();
 * const handler = createHandler<{ users: { type: "Named"; name: string } }>({
 *   bookmark: MemoryBookmark,
 *   streams: ["users"],
 *   provider: createProvider(),
 * });
 * handler.handle("users", "Named", async (id, event) => {
 *   names.set(id, event.name);
 * });
 * await handler.runOnce();
 * ```
 */
export const MemoryBookmark = "@@MemoryBookmark";

/** Whether it is one that the handler's provider stores. */
export function isStoredBookmark(
  bookmark: HandlerBookmark,
): bookmark is string {
  return typeof bookmark === "string" && bookmark !== MemoryBookmark;
}

/**
 * A bookmark that is stored by another provider than the one whose events are
 * handled.
 *
 * @example
 * ```ts
 * import { createBookmark } from "evtstore";
 * import { createProvider } from "evtstore/provider/memory";
 * import assert from "node:assert/strict";
 *
 * const bookmark = createBookmark(createProvider(), "names");
 * await bookmark.setPosition(5);
 * assert.equal(await bookmark.getPosition(), 5);
 * ```
 *
 * @param provider Where the bookmark is stored, or the promise of it.
 * @param bookmark Its name.
 * @throws {StoreError} `INVALID_INPUT` for a name that cannot be stored.
 */
export function createBookmark<E extends Event>(
  provider: ProviderOrPromise<E>,
  bookmark: string,
): ProviderBookmark {
  checkName("bookmark", bookmark);
  return {
    name: bookmark,
    getPosition: async () => (await provider).getPosition(bookmark),
    setPosition: async (position, options) =>
      (await provider).setPosition(bookmark, position, options),
  };
}
