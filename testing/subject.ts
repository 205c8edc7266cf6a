import type { Catalog } from "../core/catalog.ts";
import type {
  AppendOptions,
  EventPage,
  Horizon,
  Provider,
} from "../core/provider.ts";
import type { Event, EventMetadata, StoreEvent } from "../core/event.ts";
import { isSamePosition } from "../core/position.ts";
import type { Records } from "../core/records.ts";
import { expect, expectSame, expectSamePosition } from "./expect.ts";
import type { OpenedProvider, Scratch } from "./fixture.ts";
import { eventually } from "./time.ts";

/** Any event: the suite stores many shapes. */
export type TestEvent = Event & { [key: string]: unknown };

/** What a case is run with: an open provider, and how patient the case is. */
export type ConformanceContext =
  & Omit<OpenedProvider, "close">
  & { patience?: number };

/** A position in a log is followed no further than this. */
const MAX_PAGES = 10_000;

/**
 * The provider under test, with the few things that every case does to one.
 */
export class Subject {
  /** The provider that is tested. */
  readonly provider: Provider<any>;
  /** How long to wait for what should happen soon, in milliseconds. */
  readonly patience: number;
  #context: ConformanceContext;
  #cleanups: (() => unknown)[] = [];

  /** @param context Where the provider comes from. */
  constructor(context: ConformanceContext) {
    this.#context = context;
    this.provider = context.provider;
    this.patience = context.patience ?? 5000;
  }

  /** Another provider on the same data, or the same one where there is none. */
  async another(): Promise<Provider<any>> {
    return await this.#context.another?.() ?? this.provider;
  }

  /** A name that nobody has used: cases share a log with whatever is in it. */
  unique(what: string): string {
    return `${what}-${crypto.randomUUID()}`;
  }

  /** Does this when the case is over, however it ended. */
  cleanUp(work: () => unknown): void {
    this.#cleanups.push(work);
  }

  /** Ends what the case has left running. */
  async end(): Promise<void> {
    await Promise.all(this.#cleanups.map((work) => work()));
  }

  /** The position before every event. */
  start(): Promise<any> {
    return this.provider.getPosition(this.unique("unknown bookmark"));
  }

  /** Makes stored events of plain ones and appends them. */
  append(
    stream: string,
    aggregateId: string,
    version: number,
    events: TestEvent[],
    options: AppendOptions & {
      metadata?: EventMetadata;
      provider?: Provider<any>;
    } = {},
  ): Promise<StoreEvent<any>[]> {
    const { metadata, provider = this.provider, ...appendOptions } = options;
    const created = provider.createEvents(stream, aggregateId, version, events);
    if (metadata) { for (const stored of created) stored.metadata = metadata; }
    return Object.keys(appendOptions).length === 0
      ? provider.append(stream, aggregateId, version, created)
      : provider.append(stream, aggregateId, version, created, appendOptions);
  }

  /**
   * All events of the streams after a position. A writer that is not finished
   * may hold readers back, so this waits until there are `count` of them.
   */
  async log(
    streams: string | string[],
    count: number,
    from?: any,
    limit?: number,
  ): Promise<StoreEvent<any>[]> {
    const start = from ?? await this.start();
    return await eventually(
      () => this.#readPages(streams, start, limit),
      (events) => events.length >= count,
      this.patience,
    );
  }

  async #readPages(
    streams: string | string[],
    from: any,
    limit?: number,
  ): Promise<StoreEvent<any>[]> {
    const all: StoreEvent<any>[] = [];
    let position = from;
    for (let pages = 0; pages < MAX_PAGES; pages++) {
      const page: EventPage<any> = await this.provider.getEventsFrom(
        streams,
        position,
        limit,
      );
      const last = page.at(-1);
      if (!last) return all;
      expect(
        !isSamePosition(last.position, position),
        "Expected a page to begin after the position it was asked for: it ends there",
      );
      if (limit !== undefined) {
        expect(
          page.length <= limit,
          `Expected a page of at most ${limit} events: it has ${page.length}`,
        );
      }
      all.push(...page);
      position = last.position;
    }
    throw new Error(`Expected the log to end within ${MAX_PAGES} pages`);
  }

  /** All events of one aggregate. */
  load(
    stream: string,
    aggregateId: string,
    tx?: unknown,
  ): Promise<StoreEvent<any>[]> {
    return tx === undefined
      ? this.provider.getEventsFor(stream, aggregateId)
      : this.provider.getEventsFor(stream, aggregateId, undefined, { tx });
  }

  /** Fails unless exactly these events are stored for the aggregate, from version 1. */
  async expectStored(
    stream: string,
    aggregateId: string,
    events: TestEvent[],
  ): Promise<void> {
    const stored = await this.load(stream, aggregateId);
    expectSame(
      stored.map((one) => one.event),
      events,
      "the events of the aggregate",
    );
    expectSame(
      stored.map((one) => one.version),
      events.map((_, index) => index + 1),
      "their versions",
    );
  }

  /** Fails unless the bookmark stands at this position. */
  async expectBookmarkAt(bookmark: string, position: any): Promise<void> {
    expectSamePosition(
      await this.provider.getPosition(bookmark),
      position,
      "where the bookmark stands",
    );
  }

  /** Appends one event each to `count` new aggregates, and gives their positions. */
  async positions(count: number): Promise<any[]> {
    const stream = this.unique("stream");
    for (let index = 0; index < count; index++) {
      await this.append(stream, this.unique("id"), 1, [{ type: "Happened" }]);
    }
    const events = await this.log(stream, count);
    expect(
      events.length === count,
      `Expected ${count} events in the stream: there are ${events.length}`,
    );
    return events.map((stored) => stored.position);
  }

  /** `provider.watch`, which the fixture declares. */
  watch(listener: () => void): () => void {
    this.#demand("watch");
    return this.provider.watch!(listener);
  }

  /** `provider.transact`, which the fixture declares. */
  transact<T>(work: (tx: any) => Promise<T>): Promise<T> {
    this.#demand("transact");
    return this.provider.transact!(work);
  }

  /** `provider.records`, which the fixture declares. */
  get records(): Records {
    this.#demand("records");
    return this.provider.records!;
  }

  /** `provider.findCommand`, which the fixture declares. */
  findCommand(
    stream: string,
    aggregateId: string,
    commandId: string,
    options?: { tx?: unknown },
  ): Promise<number | undefined> {
    this.#demand("findCommand");
    return this.provider.findCommand!(stream, aggregateId, commandId, options);
  }

  /** `provider.horizon`, which the fixture declares. */
  horizon(): Promise<Horizon> {
    this.#demand("horizon");
    return this.provider.horizon!();
  }

  /** `provider.hold`, which the fixture declares. */
  hold(
    stream: string,
    aggregateId: string,
    version: number,
    tx: unknown,
  ): Promise<number> {
    this.#demand("hold");
    return this.provider.hold!(stream, aggregateId, version, { tx });
  }

  /** `provider.catalog`, which the fixture declares. */
  get catalog(): Catalog {
    this.#demand("catalog");
    return this.provider.catalog!;
  }

  /** The application's own table, which `transact` is tested with. */
  get scratch(): Scratch {
    expect(
      this.#context.scratch !== undefined,
      'The fixture declares "transact" but opens no "scratch": return { write(tx, key, value), read(key) } on a table of your own from open()',
    );
    return this.#context.scratch;
  }

  #demand(
    member:
      | "watch"
      | "transact"
      | "records"
      | "findCommand"
      | "horizon"
      | "hold"
      | "catalog",
  ) {
    expect(
      this.provider[member] !== undefined,
      `The fixture declares "${member}" but the provider has no ${member}: add it to the provider, or take "${member}" out of the fixture's capabilities`,
    );
  }
}
