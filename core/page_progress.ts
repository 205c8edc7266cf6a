import type { Clock } from "./clock.ts";
import type { StoreEvent } from "./event.ts";
import type { PageCursor } from "./page_cursor.ts";

const CHECKPOINT_MS = 1000;

/** When the bookmark is stored within a page. */
export type Checkpoint = {
  /** After so many events. */
  events?: number;
  /** After so many milliseconds. */
  ms?: number;
};

/** What became of a page. */
export type PageResult = {
  /** How many of its events the cursor has passed. */
  seen: number;
  /** How many of those there was a callback for. */
  handled: number;
  /** False if somebody else moved the bookmark, and this page is theirs. */
  moved: boolean;
};

/**
 * How far a page has come. Events may be done out of order; the cursor passes
 * only those that have nothing undone before them.
 */
export class PageProgress {
  /** What became of the page so far. */
  readonly result: PageResult = { seen: 0, handled: 0, moved: true };
  #events: StoreEvent<any>[];
  #cursor: PageCursor;
  #clock: Clock;
  #checkpoint: Checkpoint;
  #done: boolean[] = [];
  #unstored = 0;
  #storedAt: number;

  /** @param events The page. */
  constructor(
    events: StoreEvent<any>[],
    cursor: PageCursor,
    clock: Clock,
    checkpoint: Checkpoint,
  ) {
    this.#events = events;
    this.#cursor = cursor;
    this.#clock = clock;
    this.#checkpoint = checkpoint;
    this.#storedAt = clock.monotonic();
  }

  /**
   * Where the cursor would come to if an event were done.
   *
   * @returns Undefined if it could not move.
   */
  placeAfter(index: number): any {
    let seen = this.result.seen;
    while (seen === index || this.#done[seen] !== undefined) seen++;
    return this.#events[seen - 1]?.position;
  }

  /**
   * An event is done; stores the bookmark when it is time.
   *
   * @param index Which one.
   * @param handled Whether there was a callback for it.
   */
  done(index: number, handled: boolean): Promise<void> | undefined {
    this.#done[index] = handled;
    const { result } = this;
    while (this.#done[result.seen] !== undefined) {
      if (this.#done[result.seen]) result.handled++;
      this.#cursor.moveTo(this.#events[result.seen]!.position);
      result.seen++;
      this.#unstored++;
    }
    const { events = Infinity, ms = CHECKPOINT_MS } = this.#checkpoint;
    const due = this.#unstored >= events ||
      this.#clock.monotonic() - this.#storedAt >= ms;
    return due ? this.store() : undefined;
  }

  /** Stores the bookmark behind what is done. */
  async store(): Promise<void> {
    if (this.#unstored === 0 || !this.result.moved) return;
    this.#unstored = 0;
    try {
      // One that is lost meanwhile stays so.
      if (!await this.#cursor.store()) this.result.moved = false;
    } finally {
      this.#storedAt = this.#clock.monotonic();
    }
  }
}
