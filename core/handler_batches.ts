import { type StoreEvent, toMeta } from "./event.ts";
import type { Batch } from "./handler_callbacks.ts";
import type { PageContext } from "./handler_page.ts";
import type { PageResult } from "./page_progress.ts";
import { transactOf } from "./transact_of.ts";

/**
 * Handles a page in as many calls as its size asks for. The bookmark moves with
 * each: what a call that throws was given comes again as a whole.
 */
export async function runInBatches(
  events: StoreEvent<any>[],
  { size, callback }: Batch,
  context: PageContext,
): Promise<PageResult> {
  const { provider, cursor, transactional, enough, passed } = context;
  const result: PageResult = { seen: 0, handled: 0, moved: true };
  while (result.seen < events.length && result.moved && !enough()) {
    const batch = events.slice(result.seen, result.seen + size);
    const { position } = batch.at(-1)!;
    const given = batch.map((one) => ({ ...toMeta(one), event: one.event }));
    if (transactional) {
      result.moved = await transactOf(provider)(async (tx) => {
        const moved = await cursor.storeIn(tx, position);
        if (moved) await callback(given, tx);
        return moved;
      });
      if (result.moved) cursor.committed(position);
    } else {
      await callback(given, undefined);
      cursor.moveTo(position);
      result.moved = await cursor.store();
    }
    if (!result.moved) break;
    result.seen += batch.length;
    result.handled += batch.length;
    batch.forEach((one) => passed(one));
  }
  return result;
}
