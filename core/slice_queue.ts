import type { StoreEvent } from "./event.ts";
import { isSamePosition } from "./position.ts";
import type { EventPage } from "./provider.ts";
import type { NumberedEvent } from "./recent_events.ts";

/** A place in the log, and the number of the last event before it. */
type Place = { position: any; number: number };

/**
 * What waits for one slice, of what was read for all of them. It follows the
 * common reading only while it knows where it stands in it.
 */
export class SliceQueue {
  #place: Place | undefined;
  #end: Place | undefined;
  #waiting: NumberedEvent[] = [];

  /** Whether it follows the common reading. */
  get follows(): boolean {
    return this.#place !== undefined;
  }

  /** How many events wait. */
  get size(): number {
    return this.#waiting.length;
  }

  /** The number of the last event that it has come past; undefined if unknown. */
  get passed(): number | undefined {
    return this.#end?.number ?? this.#place?.number;
  }

  /** The number of the last event before a position, if it is known here. */
  numberOf(position: any): number | undefined {
    for (const place of [this.#end, this.#place]) {
      if (place && isSamePosition(place.position, position)) {
        return place.number;
      }
    }
    return this.#waiting.findLast(({ event }) =>
      isSamePosition(event.position, position)
    )?.number;
  }

  /**
   * Goes on from a place.
   *
   * @param later Gives the events of this slice behind a number, if it must.
   * @returns False if they are not known any more.
   */
  enter(
    place: Place,
    later: (number: number) => NumberedEvent[] | undefined,
  ): boolean {
    if (this.#place && place.number >= this.#place.number) {
      const next = this.#waiting.findIndex(({ number }) =>
        number > place.number
      );
      this.#waiting = next < 0 ? [] : this.#waiting.slice(next);
    } else {
      const waiting = later(place.number);
      if (!waiting) return false;
      this.#waiting = waiting;
    }
    this.#place = place;
    this.#end = undefined;
    return true;
  }

  /** One more, which was read for all. */
  add(event: NumberedEvent): void {
    this.#waiting.push(event);
  }

  /**
   * The next events, of which none is forgotten before the slice has come past.
   *
   * @param most How many, at most; one at least.
   * @param end Where the common reading is.
   */
  next(most: number, end: Place): EventPage<any> {
    let count = Math.min(most, this.#waiting.length);
    // Old data may have several events at one position; they stay together.
    while (
      count < this.#waiting.length && isSamePosition(
        this.#waiting[count - 1]!.event.position,
        this.#waiting[count]!.event.position,
      )
    ) count++;
    const events = this.#waiting.slice(0, count).map(({ event }) => event);
    if (count < this.#waiting.length) return events;
    this.#end = end;
    return pageOf(events, end.position);
  }

  /** Follows no more. */
  leave(): void {
    this.#place = this.#end = undefined;
    this.#waiting = [];
  }
}

/** A page of events, with how far the log was looked at. */
export function pageOf(
  events: StoreEvent<any>[],
  scannedTo: any,
): EventPage<any> {
  return Object.assign(events, { scannedTo });
}
