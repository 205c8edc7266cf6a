import type { Aggregate } from "./aggregate.ts";
import { readPages } from "./aggregate_pages.ts";
import type { Event } from "./event.ts";
import { whereJsonDiffers } from "./json_form.ts";
import type { Provider } from "./provider.ts";
import type { FoldOf } from "./snapshot_fold.ts";
import { type Snapshot, stateOf } from "./snapshot_record.ts";

/**
 * Folds all events up to a snapshot, and compares.
 *
 * @returns The first property that differs. Undefined if none does, or if the
 * first events are not in the log any more, so that nobody can say.
 */
export async function differenceOf<E extends Event, A extends Aggregate>(
  snapshot: Snapshot,
  id: string,
  provider: Provider<E>,
  { stream, empty, next }: FoldOf<E, A>,
): Promise<string | undefined> {
  let folded = empty(id);
  const difference = () =>
    whereJsonDiffers(folded, stateOf(snapshot, id))?.slice(1);
  for await (const page of readPages(provider, stream, id, undefined, {})) {
    for (const stored of page) {
      if (stored.version > snapshot.at) return difference();
      if (folded.version === 0 && stored.version > 1) return undefined;
      folded = next(folded, stored);
    }
  }
  return difference();
}
