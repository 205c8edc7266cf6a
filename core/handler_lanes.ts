import { aggregateKey } from "./aggregate_key.ts";
import type { StoreEvent } from "./event.ts";

/**
 * Handles several events at once, but those of one aggregate one after the
 * other. After a failure no further event is begun.
 *
 * @param events The events, in order.
 * @param concurrency How many at once.
 * @param handle What to do with one.
 * @param enough Asked before each: whether to begin no further one.
 * @param alsoFailed Told of what `handle` threw beside that.
 * @throws What `handle` threw for the first event in the order of the page.
 */
export async function handleInLanes(
  events: StoreEvent<any>[],
  concurrency: number,
  handle: (stored: StoreEvent<any>, index: number) => Promise<void>,
  enough: () => boolean,
  alsoFailed: (error: unknown) => Promise<void>,
): Promise<void> {
  // Iterated in the order in which the lanes became free, about that of the log.
  const free: number[][] = toLanes(events);
  const failures: { index: number; error: unknown }[] = [];
  const work = async () => {
    while (failures.length === 0 && !enough()) {
      const lane = free.shift();
      if (!lane) return;
      const index = lane.shift()!;
      try {
        await handle(events[index]!, index);
      } catch (error) {
        failures.push({ index, error });
        return;
      }
      if (lane.length > 0) free.push(lane);
    }
  };
  const workers = Math.min(concurrency, free.length);
  await Promise.all(Array.from({ length: workers }, work));
  failures.sort((left, right) => left.index - right.index);
  const [first, ...others] = failures;
  for (const { error } of others) await alsoFailed(error);
  if (first) throw first.error;
}

/** The places of each aggregate's events. */
function toLanes(events: StoreEvent<any>[]): number[][] {
  const lanes = new Map<string, number[]>();
  events.forEach(({ stream, aggregateId }, index) => {
    const key = aggregateKey(stream, aggregateId);
    const lane = lanes.get(key);
    if (lane) lane.push(index);
    else lanes.set(key, [index]);
  });
  return [...lanes.values()];
}
