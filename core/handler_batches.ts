import { type StoreEvent, toMeta } from "./event.ts";
import type { Batch } from "./handler_callbacks.ts";
import type { PageContext } from "./handler_page.ts";
import type { PageResult } from "./page_progress.ts";
import { inTransaction } from "./handler_transaction.ts";
import { observerOf } from "./work_observer.ts";

/**
 * Handles a page in as many calls as its size asks for. The bookmark moves with
 * each: what a call that throws was given comes again as a whole.
 */
export async function runInBatches(
  events: StoreEvent<any>[],
  { size, callback }: Batch,
  context: PageContext,
): Promise<PageResult> {
  const { cursor, transactional, enough, passed, parked, isReplay } = context;
  const toBatched = (stored: StoreEvent<any>) => ({
    ...toMeta(stored, isReplay(stored)),
    event: stored.event,
  });
  const observer = observerOf(context.provider);
  const call = (due: StoreEvent<any>[], tx: unknown) =>
    observer
      ? observer.handle(
        { bookmark: context.bookmark, events: due },
        () => callback(due.map(toBatched), tx),
      )
      : callback(due.map(toBatched), tx);
  const total: PageResult = { seen: 0, handled: 0, moved: true };
  while (total.seen < events.length && !enough()) {
    const batch = events.slice(total.seen, total.seen + size);
    const due = batch.filter((one) => !parked?.holds(one));
    const work = async (tx: unknown): Promise<PageResult> => {
      if (due.length > 0) await call(due, tx);
      return { seen: batch.length, handled: due.length, moved: true };
    };
    const result = transactional
      ? await inTransaction(context, batch, work)
      : await work(undefined);
    if (!transactional) {
      cursor.moveTo(batch.at(-1)!.position);
      result.moved = await cursor.store();
      due.forEach((one) => passed(one));
    }
    total.moved = result.moved;
    if (!result.moved) break;
    total.seen += result.seen;
    total.handled += result.handled;
  }
  return total;
}
