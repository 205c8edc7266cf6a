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
class Left extends Error {
  readonly result: PageResult;

  constructor(moved: boolean) {
    super("Nothing of this transaction is stored");
    this.result = { seen: 0, handled: 0, moved };
  }
}

/**
 * Runs `work` in the transaction that moves the bookmark past the events that
 * it has seen. The bookmark moves first, then what is parked of them: who has
 * lost either learns so before any side effect.
 *
 * @param events What to see; it may be the first of them only.
 * @param work Is told how long it may take, in milliseconds: others wait for
 * what it locks, but where statements are slow a short one would spend its time
 * on beginning and ending.
 * @returns What `work` returned, or that it was not begun.
 */
export async function inTransaction(
  { provider, cursor, clock, enough, parked, passed }: PageContext,
  events: StoreEvent<any>[],
  work: (tx: any, budget: number) => Promise<PageResult>,
): Promise<PageResult> {
  const { position } = events.at(-1)!;
  try {
    const result = await transactOf(provider)(async (tx) => {
      const startedAt = clock.monotonic();
      if (!await cursor.storeIn(tx, position)) throw new Left(false);
      const extension = parked?.extension(tx);
      if (await extension?.to(events) === false) throw new Left(false);
      const statement = clock.monotonic() - startedAt;
      // It may have taken so long that the lease is another's by now.
      if (enough()) throw new Left(true);
      const budget = Math.max(SHORTEST_MS, statement * STATEMENTS);
      const result = await work(tx, Math.min(budget, LONGEST_MS));
      if (result.seen < events.length) {
        const seen = events.slice(0, result.seen);
        await cursor.storeIn(tx, seen.at(-1)!.position, position);
        await extension?.to(seen);
      }
      return result;
    });
    const done = events.slice(0, result.seen);
    cursor.committed(done.at(-1)!.position);
    for (const one of done) if (!parked?.holds(one)) passed(one);
    return result;
  } catch (error) {
    if (error instanceof Left) return error.result;
    throw error;
  }
}
