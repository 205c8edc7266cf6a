import { copyPlainData } from "./copy.ts";
import { setNewest } from "./newest.ts";

/** An aggregate as it was after the event at `position`. */
export type CachedAggregate<A> = {
  /** The folded aggregate. */
  aggregate: A;
  /** The position of the last event in it. */
  position: any;
};

/**
 * The aggregates that were used last, by id. What goes in and what comes out
 * are copies, so that nobody can change what is cached. An aggregate that holds
 * more than plain data cannot be copied and is not cached.
 */
export class AggregateCache<A> {
  #size: number;
  // A Map gives its keys in the order they were set: the first was used longest ago.
  #entries: Map<string, CachedAggregate<A>> = new Map();

  /**
   * Makes an empty cache.
   *
   * @param size The most aggregates to keep.
   */
  constructor(size: number) {
    this.#size = size;
  }

  /** A copy of what is cached for the id. */
  get(id: string): CachedAggregate<A> | undefined {
    const entry = this.#entries.get(id);
    if (!entry) return undefined;
    this.#entries.delete(id);
    this.#entries.set(id, entry);
    return {
      aggregate: copyPlainData(entry.aggregate)!,
      position: entry.position,
    };
  }

  /** Keeps a copy, and forgets the one that was used longest ago. */
  set(id: string, aggregate: A, position: any): void {
    const copied = copyPlainData(aggregate);
    if (copied === undefined) return this.delete(id);
    const entry = { aggregate: copied, position };
    setNewest(this.#entries, id, entry, this.#size);
  }

  /** Forgets an aggregate. */
  delete(id: string): void {
    this.#entries.delete(id);
  }
}
