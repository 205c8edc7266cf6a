import type { StoreEvent } from "../../core/event.ts";
import { aggregateOf } from "./role.ts";

/** Where a handler may have begun, and what it has done since. */
type Place = {
  bookmark: number;
  /** The last event of each aggregate. */
  readonly seen: Map<string, number>;
  /** The aggregates that were seen since the last failure, if there was one. */
  again: Set<string> | undefined;
};

/**
 * What one handler has done since it last began at its bookmark. The events of
 * an aggregate must come one after the other, from the first behind the
 * bookmark; after a failure they may come again, but from no further back.
 */
export class Run {
  #eventsOf: (aggregate: string) => StoreEvent<any>[];
  /**
   * More than one where the bookmark was read and it is not known yet whether
   * the handler began there: a question about its state reads it too.
   */
  #places: Place[] = [{ bookmark: 0, seen: new Map(), again: undefined }];

  /** @param eventsOf Those of an aggregate that there is a callback for. */
  constructor(eventsOf: (aggregate: string) => StoreEvent<any>[]) {
    this.#eventsOf = eventsOf;
  }

  /** It may begin anew behind this position. */
  begin(bookmark: number): void {
    const known = this.#places.some((place) =>
      place.seen.size === 0 && place.bookmark === bookmark
    );
    if (known) return;
    this.#places.push({ bookmark, seen: new Map(), again: undefined });
  }

  /** It will not come back to what is before this position. */
  store(bookmark: number): void {
    for (const place of this.#places) {
      place.bookmark = Math.max(place.bookmark, bookmark);
    }
  }

  /** Something failed: what is not stored may come again. */
  fail(): void {
    for (const place of this.#places) place.again = new Set();
  }

  /**
   * An event comes.
   *
   * @returns What is wrong with that, if anything is.
   */
  next(event: StoreEvent<any>): string | undefined {
    const wrong = this.#places.map((place) => this.#advance(place, event));
    this.#places = this.#places.filter((_, index) => !wrong[index]);
    return this.#places.length === 0 ? wrong.join(" and ") : undefined;
  }

  #advance(place: Place, event: StoreEvent<any>): string | undefined {
    const { bookmark, seen, again } = place;
    const { position } = event;
    if (position <= bookmark) return `is not after its bookmark, ${bookmark}`;
    const aggregate = aggregateOf(event);
    const last = Math.max(bookmark, seen.get(aggregate) ?? 0);
    const mayComeAgain = again !== undefined && !again.has(aggregate);
    if (!mayComeAgain || position > last) {
      const expected = this.#eventsOf(aggregate)
        .find((one) => one.position > last)?.position;
      if (position !== expected) return `comes instead of ${expected}`;
    }
    seen.set(aggregate, position);
    again?.add(aggregate);
  }
}
