import { aggregateKey } from "./aggregate_key.ts";
import type { Clock } from "./clock.ts";
import type { StoreEvent } from "./event.ts";
import type { EventFailure } from "./event_failure.ts";
import type { HandlerCursor } from "./handler_cursor.ts";
import type { ParkedEvents, ParkedRecord } from "./parked_events.ts";
import type { Provider } from "./provider.ts";

type Known = { key: string; version: number; lastVersion: number };

/** What a handler at work needs to know of what is parked. */
export type ParkedContext = {
  /** What is stored. */
  store: ParkedEvents;
  /** The handler's place in the log, which moves only past what is stored. */
  cursor: HandlerCursor;
  /** Where the events are. */
  provider: Provider<any>;
  /** Whether an event has a callback; one that has none need not wait. */
  hasCallback(event: StoreEvent<any>): boolean;
  /** Called whenever the records of the bookmark were read. */
  listed(store: ParkedEvents): void;
  /** Says when something was parked. */
  clock: Clock;
};

/**
 * Which aggregates of a handler are parked, as it knows them while it works.
 * What it passes over of them is in their records before the bookmark passes
 * it, or in the same transaction: a crash between the two leaves an event that
 * comes again and is found to be parked, never one that nobody knows of.
 */
export class ParkedAggregates {
  #context: ParkedContext;
  #known: Map<string, Known> = new Map();
  #readings: number | undefined;

  /** @param context What to keep track of. */
  constructor(context: ParkedContext) {
    this.#context = context;
  }

  /**
   * Reads what is parked, if that may be older than the place in the log: after
   * a start, a take-over, or a bookmark that somebody else has moved.
   */
  async load(): Promise<void> {
    const { store, cursor } = this.#context;
    if (this.#readings === cursor.readings) return;
    const readings = cursor.readings;
    this.#known.clear();
    const records = await store.listAndTidy();
    this.#context.listed(store);
    for (const record of records) this.#know(record);
    this.#readings = readings;
  }

  /** Reads it again before the next page. */
  forget(): void {
    this.#readings = undefined;
  }

  /** Whether an event is parked, or behind one that is. */
  holds({ stream, aggregateId, version }: StoreEvent<any>): boolean {
    if (this.#known.size === 0) return false;
    const known = this.#known.get(aggregateKey(stream, aggregateId));
    return known !== undefined && version >= known.version;
  }

  /**
   * Parks an event that was given up.
   *
   * @param lastVersion That of the last event which is parked behind it.
   * @param place Where the bookmark may move to with it.
   * @returns False if somebody else has moved the bookmark, or parked it.
   */
  async park(
    { event, reason }: EventFailure,
    lastVersion: number,
    place: () => any,
  ): Promise<boolean> {
    const { store, clock } = this.#context;
    const { value } = await this.#store(place, async (tx) => {
      const at = clock.now();
      return await store.add(event, reason, lastVersion, at, tx);
    });
    if (value) this.#know(value);
    return value !== undefined;
  }

  /**
   * Stores which events of a page are behind parked ones.
   *
   * @returns False if somebody else has moved the bookmark, or replays one.
   */
  async extend(events: StoreEvent<any>[]): Promise<boolean> {
    if (this.#lastOf(events).size === 0) return true;
    const { value = false } = await this.#store(
      () => undefined,
      async (tx) => await this.extension(tx).to(events) || undefined,
    );
    return value;
  }

  /** The same inside a transaction that moves the bookmark past them. */
  extension(tx: unknown): Extension {
    const { store } = this.#context;
    return new Extension(store, (events) => this.#lastOf(events), tx);
  }

  /** Where there are transactions, only who still has the bookmark parks. */
  async #store<T>(
    place: () => any,
    write: (tx?: unknown) => Promise<T | undefined>,
  ): Promise<{ value?: T | undefined }> {
    const { cursor, provider } = this.#context;
    return provider.transact
      ? await cursor.storeWith(place, write)
      : { value: await write() };
  }

  /** The aggregates of which more is parked than their records say. */
  #lastOf(events: StoreEvent<any>[]): Map<Known, number> {
    const last = new Map<Known, number>();
    if (this.#known.size === 0) return last;
    for (const event of events) {
      if (!this.#context.hasCallback(event)) continue;
      const { stream, aggregateId, version } = event;
      const known = this.#known.get(aggregateKey(stream, aggregateId));
      if (known && version > known.lastVersion) last.set(known, version);
    }
    return last;
  }

  #know({ key, value }: ParkedRecord): void {
    const { stream, aggregateId, version, lastVersion } = value;
    const aggregate = aggregateKey(stream, aggregateId);
    const known = this.#known.get(aggregate);
    // Two that were parked apart from each other: all behind the first waits.
    if (known && known.version <= version) return;
    this.#known.set(aggregate, { key, version, lastVersion });
  }
}

/** Lets the records of parked aggregates reach as far as a page is handled. */
export class Extension {
  #store: ParkedEvents;
  #lastOf: (events: StoreEvent<any>[]) => Map<Known, number>;
  #tx: unknown;
  #changed: Map<Known, { before: number; record: ParkedRecord }> = new Map();

  /** Made by {@linkcode ParkedAggregates.extension}. */
  constructor(
    store: ParkedEvents,
    lastOf: (events: StoreEvent<any>[]) => Map<Known, number>,
    tx: unknown,
  ) {
    this.#store = store;
    this.#lastOf = lastOf;
    this.#tx = tx;
  }

  /**
   * Lets them reach to the end of some events: all of a page, and later, if
   * there was no time for all, the first of them.
   *
   * @returns False if a record is not as it was.
   */
  async to(events: StoreEvent<any>[]): Promise<boolean> {
    const last = this.#lastOf(events);
    for (const known of this.#changed.keys()) {
      if (!last.has(known)) last.set(known, known.lastVersion);
    }
    for (const [known, version] of last) {
      if (!await this.#extend(known, version)) return false;
    }
    return true;
  }

  async #extend(known: Known, version: number): Promise<boolean> {
    const changed = this.#changed.get(known);
    const record = changed?.record ??
      await this.#store.get(known.key, this.#tx);
    if (!record) return false;
    const before = changed?.before ?? record.value.lastVersion;
    // Somebody else may have come further, and parked more.
    const lastVersion = Math.max(before, version);
    const value = { ...record.value, lastVersion };
    const written = await this.#store.change(record, value, this.#tx);
    if (!written) return false;
    this.#changed.set(known, { before, record: written });
    return true;
  }
}
