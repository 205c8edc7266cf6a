import type { StoreEvent } from "./event.ts";
import type { PageContext } from "./handler_page.ts";
import type { PageResult } from "./page_progress.ts";
import { transactOf } from "./transact_of.ts";

/** Leaves a transaction in which nothing may begin any more. */
class Left extends Error {}

/**
 * Runs `work` in the transaction that moves the bookmark to `last`. The
 * bookmark moves first: who has lost it learns so before any side effect.
 *
 * @returns What `work` returned, or that it was not begun.
 */
export async function inTransaction(
  { provider, cursor, enough }: PageContext,
  last: StoreEvent<any>,
  work: (tx: any) => Promise<PageResult>,
): Promise<PageResult> {
  try {
    return await transactOf(provider)(async (tx) => {
      if (!await cursor.storeIn(tx, last.position)) {
        return { seen: 0, handled: 0, moved: false };
      }
      // It may have taken so long that the lease is another's by now.
      if (enough()) throw new Left();
      return await work(tx);
    });
  } catch (error) {
    if (error instanceof Left) return { seen: 0, handled: 0, moved: true };
    throw error;
  }
}
