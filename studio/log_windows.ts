import type { StoreEvent } from "../core/event.ts";
import type { Provider } from "../core/provider.ts";
import { orderOf, positionAt } from "./position_order.ts";

/** Reads some events behind a position, in order. */
export type ReadBehind = (
  position: any,
  limit: number,
) => Promise<StoreEvent<any>[]>;

/** How many events are read at a time. */
export const PAGE_SIZE = 1000;

/** How much wider the next window is, where one had few events. */
const GROWTH = 8n;

/** What of a log is read. */
export type LogPart = {
  /** Whose positions they are. */
  provider: Provider<any>;
  /** Where a bookmark stands that nobody has stored. */
  start: any;
  /** Reads it forward, as providers do. */
  read: ReadBehind;
};

/** The events up to a position, oldest first; with none the end is reached. */
export async function* readForward(
  { provider, read }: LogPart,
  from: any,
): AsyncGenerator<StoreEvent<any>[]> {
  let position = from;
  while (true) {
    const page = await read(position, PAGE_SIZE);
    const last = page.at(-1);
    if (!last) return;
    yield page;
    // A page that stands still would be read for ever.
    if (orderOf(last.position, provider) <= orderOf(position, provider)) return;
    position = last.position;
  }
}

/**
 * The events before a position, the newest first, in pages.
 *
 * The contract reads forward only. As positions are whole numbers, a window of
 * as many positions as a page has events is read whole, and lies before the last
 * one. Where positions are sparse, because other streams or gaps lie between,
 * windows become wider; one that has more than a page is narrowed to its end.
 * So the cost follows from what is read, not from how long the log is.
 *
 * @param before Only events before this one.
 */
export async function* readBackward(
  { provider, start, read }: LogPart,
  before: bigint,
): AsyncGenerator<StoreEvent<any>[]> {
  const first = orderOf(start, provider);
  let high = before;
  let width = BigInt(PAGE_SIZE);
  while (high > first + 1n) {
    const low = high - 1n - width > first ? high - 1n - width : first;
    const { events, from } = await readWindow(low, high);
    if (events.length > 0) yield events.reverse();
    if (from > low) width = high - from;
    else if (events.length < PAGE_SIZE / 2) width *= GROWTH;
    // What was left out at the low end comes with the next window.
    high = from + 1n;
  }

  /** The last events of a window, complete behind `from`. */
  async function readWindow(
    low: bigint,
    high: bigint,
  ): Promise<{ events: StoreEvent<any>[]; from: bigint }> {
    let from = low;
    while (true) {
      const events: StoreEvent<any>[] = [];
      let position = from === first ? start : positionAt(from, start);
      let isWhole = false;
      // A provider may give less than it was asked for, without being at its end.
      while (!isWhole && events.length < PAGE_SIZE) {
        const page = await read(position, PAGE_SIZE);
        const inside = page.filter((one) =>
          orderOf(one.position, provider) < high
        );
        events.push(...inside);
        isWhole = page.length === 0 || inside.length < page.length ||
          orderOf(inside.at(-1)!.position, provider) === high - 1n;
        position = page.at(-1)?.position;
      }
      if (isWhole) return { events, from };
      // What was read ends before the window does: look in its later half.
      const reached = orderOf(events.at(-1)!.position, provider);
      const middle = from + (high - from) / 2n;
      from = reached > middle ? reached : middle;
    }
  }
}

/**
 * The place behind which the first event stands that was stored at a time or
 * later, by bisection: the clocks of writers are about the same, so a log is
 * about in the order of its times.
 *
 * @param end The position of the last event.
 */
export async function findTime(
  { provider, start, read }: LogPart,
  end: bigint,
  time: number,
): Promise<bigint> {
  let low = orderOf(start, provider);
  let high = end;
  while (low < high) {
    const middle = low + (high - low) / 2n;
    const position = middle === orderOf(start, provider)
      ? start
      : positionAt(middle, start);
    const [next] = await read(position, 1);
    if (!next || new Date(next.timestamp).getTime() >= time) high = middle;
    else {
      const order = orderOf(next.position, provider);
      low = order > middle ? order : middle + 1n;
    }
  }
  return low;
}
