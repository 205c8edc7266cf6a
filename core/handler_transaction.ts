import type { StoreEvent } from "./event.ts";
import type { PageContext } from "./handler_page.ts";
import type { PageResult } from "./page_progress.ts";
import { transactOf } from "./transact_of.ts";

/** How long the events of one transaction may take, in milliseconds. */
const SHORTEST_MS = 50;
const LONGEST_MS = 1000;
/** Where each statement is slow: so many of them. */
const STATEMENTS = 20;

/** Leaves a transaction in which nothing may begin any more. */
class Left extends Error {}

/**
 * Runs `work` in the transaction that moves the bookmark to `last`. The
 * bookmark moves first: who has lost it learns so before any side effect.
 *
 * @param work Is told how long it may take, in milliseconds: others wait for
 * what it locks, but where statements are slow a short one would spend its time
 * on beginning and ending.
 * @returns What `work` returned, or that it was not begun.
 */
export async function inTransaction(
  { provider, cursor, clock, enough }: PageContext,
  last: StoreEvent<any>,
  work: (tx: any, budget: number) => Promise<PageResult>,
): Promise<PageResult> {
  try {
    return await transactOf(provider)(async (tx) => {
      const startedAt = clock.monotonic();
      if (!await cursor.storeIn(tx, last.position)) {
        return { seen: 0, handled: 0, moved: false };
      }
      const statement = clock.monotonic() - startedAt;
      // It may have taken so long that the lease is another's by now.
      if (enough()) throw new Left();
      const budget = Math.max(SHORTEST_MS, statement * STATEMENTS);
      return await work(tx, Math.min(budget, LONGEST_MS));
    });
  } catch (error) {
    if (error instanceof Left) return { seen: 0, handled: 0, moved: true };
    throw error;
  }
}
