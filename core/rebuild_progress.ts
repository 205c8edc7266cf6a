import type { Clock } from "./clock.ts";
import type { StoreEvent } from "./event.ts";

/** How fast a handler comes through what was handled before it. */
export class RebuildProgress {
  /** Whether another version is live, as far as this process knows. */
  isRebuilding = false;
  /** How many events it has seen since it began in this process. */
  handled = 0;
  #clock: Clock;
  #beganAt: number | undefined;
  #first = 0;
  #last = 0;

  /** @param clock Measures how long it takes. */
  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** A page is about to be handled. */
  begin(events: StoreEvent<any>[]): void {
    if (this.#beganAt !== undefined) return;
    this.#beganAt = this.#clock.monotonic();
    this.#first = storedAt(events[0]!);
  }

  /** So many of its events were seen. */
  passed(events: StoreEvent<any>[], seen: number): void {
    if (seen === 0) return;
    this.handled += seen;
    this.#last = storedAt(events[seen - 1]!);
  }

  /**
   * How long it will take, at the speed so far.
   *
   * @param remaining How many events are left; undefined if that is not known.
   * @param end When the last one of them was stored, in milliseconds since 1970.
   * @returns In milliseconds; undefined if there is nothing to tell it by.
   */
  estimate(remaining: number | undefined, end: number): number | undefined {
    if (remaining === 0) return 0;
    if (this.handled === 0) return undefined;
    const took = this.#clock.monotonic() - this.#beganAt!;
    if (remaining !== undefined) {
      return Math.round(took * remaining / this.handled);
    }
    const done = this.#last - this.#first;
    return done > 0
      ? Math.round(took * Math.max(0, end - this.#last) / done)
      : undefined;
  }
}

/** When an event was stored, in milliseconds since 1970. */
export function storedAt({ timestamp }: StoreEvent<any>): number {
  return new Date(timestamp).getTime();
}
