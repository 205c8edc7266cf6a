import type { StoreEvent } from "./event.ts";
import { isSamePosition } from "./position.ts";

/** An event, and its number among all that were read. */
export type NumberedEvent = { number: number; event: StoreEvent<any> };

/**
 * The events that were read last, without a gap. Positions are opaque: that a
 * place is among them is known by the event that has its position.
 */
export class RecentEvents {
  #capacity: number;
  #events: NumberedEvent[] = [];
  #numbers: Map<string, number> = new Map();

  /** @param capacity How many are kept. */
  constructor(capacity: number) {
    this.#capacity = capacity;
  }

  /** Whether there is room for another page beside what is needed. */
  get isFull(): boolean {
    return this.#events.length >= this.#capacity;
  }

  /** Adds the next one. */
  add(event: StoreEvent<any>, number: number): void {
    this.#events.push({ number, event });
    this.#numbers.set(String(event.position), number);
    if (this.#events.length < this.#capacity * 2) return;
    for (const old of this.#events.splice(0, this.#capacity)) {
      const key = String(old.event.position);
      if (this.#numbers.get(key) === old.number) this.#numbers.delete(key);
    }
  }

  /** The number of the last event at a position; undefined if none is known. */
  lastAt(position: any): number | undefined {
    const number = this.#numbers.get(String(position));
    if (number === undefined) return undefined;
    // A driver's object may have no text of its own.
    const { event } = this.#at(number);
    return isSamePosition(event.position, position) ? number : undefined;
  }

  /** Those behind a number; undefined if some of them are not known any more. */
  after(number: number): NumberedEvent[] | undefined {
    const first = this.#events[0]?.number ?? 0;
    if (number < first - 1) return undefined;
    return this.#events.slice(number - first + 1);
  }

  #at(number: number): NumberedEvent {
    return this.#events[number - this.#events[0]!.number]!;
  }
}
