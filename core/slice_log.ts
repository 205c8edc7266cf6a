import { type Clock, sleepUnless } from "./clock.ts";
import { CommonReading } from "./common_reading.ts";
import type { StoreEvent } from "./event.ts";
import { FullPages } from "./full_pages.ts";
import { PAGE_SIZE, pageLimit, requestPage } from "./log_request.ts";
import { isSamePosition } from "./position.ts";
import type { EventPage, Provider } from "./provider.ts";
import type { NumberedEvent } from "./recent_events.ts";
import { pageOf, SliceQueue } from "./slice_queue.ts";
import { allSlices, sliceOf } from "./slices.ts";

/** How many events may wait for all slices together. */
const MOST_WAITING = 10 * PAGE_SIZE;
/** How many of them a slice is given at once. */
const MOST_AT_ONCE = 100;
/** How long those that have nothing to do wait for the others, at most. */
const PATIENCE_MS = 250;
/** After so many events of the log the place of a slice is worth storing. */
const WORTH_STORING = PAGE_SIZE;
/** How many pages are kept for slices far behind. */
const PAGES_APART = 8;

/** What the reading for all slices asks of its handler. */
export type SliceLogOptions = {
  /** The streams of the handler. */
  streams: string[];
  /** Measures how long one waits. */
  clock: Clock;
};

/**
 * Reads the log once for all slices that a process works on: one query, however
 * many they are. What it reads is shared out by the hash of the aggregate, and
 * each slice takes it at its own pace.
 *
 * A slice that is far behind, or slow for so long that the others would have to
 * wait, reads for itself until it is near again. That two readings have met is
 * known by an event that both were given, or by both having come to the end:
 * positions are opaque, and are never compared in their order.
 */
export class SliceLog {
  #provider: Provider<any>;
  #streams: string[];
  #clock: Clock;
  #queues: SliceQueue[] = allSlices.map(() => new SliceQueue());
  #listeners: Set<() => void>[] = allSlices.map(() => new Set());
  #stored: number[] = [];
  #common: CommonReading;
  #apart: FullPages;
  #room: AbortController = new AbortController();
  #idle: AbortController = new AbortController();

  /** @param provider Where the events are. */
  constructor(provider: Provider<any>, { streams, clock }: SliceLogOptions) {
    this.#provider = provider;
    this.#streams = streams;
    this.#clock = clock;
    this.#common = new CommonReading(provider, streams, {
      room: () => this.#waitForRoom(),
      taken: (events) => this.#shareOut(events),
    });
    this.#apart = new FullPages(
      PAGES_APART,
      pageLimit(this.#provider),
      (position) => requestPage(this.#provider, this.#streams, position),
    );
  }

  /**
   * The next events of a slice, as `getEventsFrom` of a provider gives them:
   * empty only if there were no more when the log was read last.
   */
  async read(
    slice: number,
    position: any,
    limit: number = MOST_AT_ONCE,
  ): Promise<EventPage<any>> {
    const queue = this.#queues[slice]!;
    const most = Math.min(limit, MOST_AT_ONCE);
    while (true) {
      const head = this.#common.begin(position);
      const number = queue.numberOf(position) ??
        this.#common.numberAt(position);
      if (number === undefined || !this.#enter(slice, position, number)) {
        const page = await this.#readApart(slice, position);
        if (page === "joined") continue;
        if (page.isEnd || page.events.length > 0) {
          return pageOf(page.events, page.position);
        }
        position = page.position;
        continue;
      }
      if (queue.size > 0 || this.#common.isAtEnd) return queue.next(most, head);
      await this.#common.grow();
    }
  }

  /** Calls `listener` when something may be new for a slice. */
  watch(slice: number, listener: () => void): () => void {
    // Wrapped, so that who watches twice is called twice, and ends once.
    const own = () => listener();
    this.#listeners[slice]!.add(own);
    return () => void this.#listeners[slice]!.delete(own);
  }

  /** A slice is not worked on here any more. */
  leave(slice: number): void {
    this.#queues[slice]!.leave();
    this.#room.abort();
    if (this.#queues.some(({ follows }) => follows)) return;
    // The next one begins where it stands, not where the last one stood.
    this.#common.end();
  }

  /** There may be more than was read. */
  expectMore(): void {
    this.#common.expectMore();
    this.#idle.abort();
  }

  /**
   * Reads what is new as it comes, and tells the slices.
   *
   * @param poll How often to look, in milliseconds.
   * @param store Stores the place of a slice for which there was nothing.
   */
  async run(
    stop: AbortSignal,
    poll: number,
    store: (slice: number) => void,
  ): Promise<void> {
    const unwatch = this.#provider.watch?.(() => this.expectMore());
    let movedAt = this.#clock.monotonic();
    while (!stop.aborted) {
      this.#idle = new AbortController();
      try {
        while (this.#common.isWanted && !stop.aborted) {
          await this.#common.grow();
        }
      } catch {
        // Who reads next meets the same, and tells of it.
        this.#wake(this.#queues.findIndex(({ follows }) => follows));
      }
      // Not at all if there was news meanwhile.
      await sleepUnless(this.#clock, poll, stop, this.#idle);
      if (this.#clock.monotonic() - movedAt < poll) continue;
      movedAt = this.#clock.monotonic();
      this.expectMore();
      this.#moveAlong(store);
    }
    unwatch?.();
  }

  /** Slices without events come along too, so that none begins far behind. */
  #moveAlong(store: (slice: number) => void): void {
    for (const slice of allSlices) {
      const { passed } = this.#queues[slice]!;
      if (passed === undefined || passed < this.#common.count) {
        this.#wake(slice);
      }
      if (passed === undefined) continue;
      if (passed - this.#stored[slice]! < WORTH_STORING) continue;
      this.#stored[slice] = passed;
      store(slice);
    }
  }

  #wake(slice: number): void {
    for (const listener of this.#listeners[slice] ?? []) listener();
  }

  #enter(slice: number, position: any, number: number): boolean {
    const queue = this.#queues[slice]!;
    const isNew = !queue.follows;
    const entered = queue.enter(
      { position, number },
      (after) =>
        this.#common.recent.after(after)?.filter(({ event }) =>
          sliceOf(event) === slice
        ),
    );
    if (entered && isNew) this.#stored[slice] = number;
    if (entered) this.#room.abort();
    return entered;
  }

  /** Reads for one slice alone, up to where it meets what was read for all. */
  async #readApart(slice: number, from: any): Promise<
    "joined" | { events: StoreEvent<any>[]; position: any; isEnd: boolean }
  > {
    // Who is near is soon reached.
    while (this.#common.isWanted && !this.#common.recent.isFull) {
      await this.#common.grow();
    }
    const page = await this.#apart.after(from);
    if (page.length === 0) {
      if (await this.#joinAtEnd(slice, from)) return "joined";
      return { events: [], position: page.scannedTo ?? from, isEnd: true };
    }
    let met = page.findIndex(({ position }) =>
      this.#common.recent.lastAt(position) !== undefined
    );
    // Old data may have several events at one position; they stay together.
    while (
      met >= 0 &&
      isSamePosition(page[met]!.position, page[met + 1]?.position)
    ) met++;
    const passed = met < 0 ? page : page.slice(0, met + 1);
    const events = passed.filter((event) => sliceOf(event) === slice);
    const last = passed.at(-1)!.position;
    const position = met < 0 ? page.scannedTo ?? last : last;
    return { events, position, isEnd: false };
  }

  /**
   * Nothing stands behind a place, and nothing behind the end of what was read
   * for all. If the former still is so after the latter, what comes from then on
   * comes behind both.
   *
   * @returns Whether there is anything to go on with.
   */
  async #joinAtEnd(slice: number, from: any): Promise<boolean> {
    for (let tries = 0; tries < 3; tries++) {
      // One that is on its way may have been sent too early.
      await this.#common.settled();
      this.#common.lookAgain();
      await this.#common.grow();
      if (!this.#common.isAtEnd) continue;
      const number = this.#common.count;
      const page = await requestPage(this.#provider, this.#streams, from);
      return page.length > 0 || this.#enter(slice, from, number);
    }
    return false;
  }

  /** Gives what was read for all to those that follow, and wakes them. */
  #shareOut(events: NumberedEvent[]): void {
    const woken = new Set<number>();
    for (const numbered of events) {
      const slice = sliceOf(numbered.event);
      if (!this.#queues[slice]!.follows) continue;
      this.#queues[slice]!.add(numbered);
      woken.add(slice);
    }
    for (const slice of woken) this.#wake(slice);
  }

  /**
   * Waits while too much waits. If nobody takes any of it, and others have
   * nothing, the one with most is to read for itself.
   */
  async #waitForRoom(): Promise<void> {
    while (this.#waiting() >= MOST_WAITING) {
      const room = this.#room = new AbortController();
      await this.#clock.sleep(PATIENCE_MS, room.signal);
      // Also one that does not follow yet, and is about to.
      const isIdle = this.#queues.some(({ size }) => size === 0);
      if (room.signal.aborted || !isIdle) continue;
      const sizes = this.#queues.map(({ size }) => size);
      this.leave(sizes.indexOf(Math.max(...sizes)));
    }
  }

  #waiting(): number {
    return this.#queues.reduce((sum, { size }) => sum + size, 0);
  }
}
