import { AggregateCache } from "./aggregate_cache.ts";
import { StoreError } from "./errors.ts";
import {
  type Event,
  type EventMeta,
  type StoreEvent,
  toMeta,
} from "./event.ts";
import type { Provider, ProviderOrPromise } from "./provider.ts";
import { checkName } from "./validation.ts";

/** The state that the events of one aggregate fold into. */
// deno-lint-ignore ban-types -- an aggregate may have any properties, or none.
export type Aggregate = {};

/** What every aggregate has beside its own state. */
export type BaseAggregate = {
  /** How many events it has; 0 if none was ever stored. */
  version: number;
  /** Which aggregate it is. */
  aggregateId: string;
  /** The `version` of the fold that a persisted aggregate was made with. */
  __pv?: string;
};

/**
 * What one event changes in an aggregate. It must depend on nothing else, for
 * it runs again at every load.
 *
 * @param ev The event.
 * @param agg The aggregate before it.
 * @param meta Where and when the event was stored.
 * @returns The properties that change.
 */
export type Fold<E extends Event, A extends Aggregate> = (
  ev: E,
  agg: A & BaseAggregate,
  meta: EventMeta,
) => Partial<A>;

/** An aggregate as {@linkcode createAggregate} describes it: not stored anywhere yet. */
export type StorableAggregate<
  E extends Event = any,
  A extends Aggregate = any,
  S extends string = string,
> = {
  /** The stream that its events are appended to. */
  stream: S;
  /** What one event changes. */
  fold: Fold<E, A>;
  /** A new and empty aggregate. */
  aggregate: () => A;
  /** The version of the fold, for `persistAggregate`. */
  version?: string;
  /** Whether the folded aggregate is stored with every event. */
  persistAggregate?: boolean;
};

/** Aggregates by the name that a domain gives them. */
export type AggregateStore = { [key: string]: StorableAggregate };

/** Options of {@linkcode ProvidedAggregate.getAggregate}. */
export type GetAggregateOptions<Tx = any> = {
  /** Read inside this transaction, and see what it wrote. */
  tx?: Tx;
};

/** An aggregate that can be loaded: it knows where its events are stored. */
export type ProvidedAggregate<
  E extends Event,
  A extends Aggregate,
  S extends string = string,
  Tx = any,
> = {
  /** The stream that its events are appended to. */
  stream: S;
  /** Where its events are stored. */
  provider: ProviderOrPromise<E, Tx>;
  /**
   * Loads an aggregate. One that has no events yet has version 0.
   *
   * @throws {StoreError} `INVALID_INPUT` for an id that cannot be stored.
   */
  getAggregate: (
    id: string,
    options?: GetAggregateOptions<Tx>,
  ) => Promise<A & BaseAggregate>;
  /** The aggregate after one more event. */
  toNextAggregate: (
    prev: A & BaseAggregate,
    event: StoreEvent<E>,
  ) => A & BaseAggregate;
  /** The version of the fold, for `persistAggregate`. */
  version?: string;
  /** Whether the folded aggregate is stored with every event. */
  persistAggregate?: boolean;
  /** Where loaded aggregates are kept, if they are. */
  cache?: AggregateCache<A & BaseAggregate>;
};

/** Options of {@linkcode createAggregate}. */
export type AggregateOptions<
  E extends Event,
  A extends Aggregate,
  S extends string,
> = {
  /** The stream that its events are appended to. */
  stream: S;
  /** A new and empty aggregate. */
  create: () => A;
  /** What one event changes. */
  fold: Fold<E, A>;
  /**
   * The version of `fold`, for `persistAggregate`: change it whenever `fold`
   * changes, or aggregates keep the state that the old one gave them.
   */
  version?: string;
  /**
   * Store the folded aggregate with every event, so that a load reads one
   * event only. Needs `version`. Default: false.
   */
  persistAggregate?: boolean;
};

/**
 * Describes an aggregate: the stream of its events, its empty state, and what
 * each event changes in it. The types of all three are inferred.
 *
 * @example
 * ```ts
 * import { createAggregate } from "evtstore";
 *
 * type AccountEvent =
 *   | { type: "Opened"; owner: string }
 *   | { type: "Deposited"; cents: number };
 * type Account = { owner: string; cents: number };
 *
 * const account = createAggregate({
 *   stream: "accounts",
 *   create: (): Account => ({ owner: "", cents: 0 }),
 *   fold: (event: AccountEvent, account) => {
 *     switch (event.type) {
 *       case "Opened":
 *         return { owner: event.owner };
 *       case "Deposited":
 *         return { cents: account.cents + event.cents };
 *     }
 *   },
 * });
 * ```
 *
 * @param opts What the aggregate is.
 * @returns The description, for {@linkcode createDomain}.
 * @throws {StoreError} `INVALID_INPUT` for a stream name that cannot be stored,
 * or for `persistAggregate` without `version`.
 */
export function createAggregate<
  E extends Event,
  A extends Aggregate,
  S extends string,
>(opts: AggregateOptions<E, A, S>): StorableAggregate<E, A, S> {
  checkName("stream", opts.stream);
  if (opts.persistAggregate && !opts.version) {
    throw new StoreError(
      "INVALID_INPUT",
      `Cannot persist the aggregates of stream "${opts.stream}" without "version": it tells which of them a changed fold makes stale`,
      { field: "version", stream: opts.stream },
    );
  }
  const storable: StorableAggregate<E, A, S> = {
    stream: opts.stream,
    aggregate: opts.create,
    fold: opts.fold,
    persistAggregate: opts.persistAggregate ?? false,
  };
  if (opts.version !== undefined) storable.version = opts.version;
  return storable;
}

/** Where the events of an aggregate are stored, and whether it is cached. */
export type StoreOptions<E extends Event = any, Tx = any> = {
  /** Where the events are stored. */
  provider: ProviderOrPromise<E, Tx>;
  /**
   * Keep loaded aggregates in memory and read only what is new. Correct when
   * other processes append too. An aggregate that holds more than plain data
   * (objects, arrays, maps, sets, dates) is not kept. Default: false.
   */
  useCache?: boolean;
  /** The most aggregates that a cache keeps, of each stream. Default: 10,000. */
  cacheSize?: number;
};

/** How many events a load reads at a time. */
const PAGE_SIZE = 1000;

/**
 * Ties an aggregate to the provider of its events. {@linkcode createDomain}
 * does this for each of its aggregates.
 *
 * @example
 * ```ts
 * import { createAggregate, createProvidedAggregate } from "evtstore";
 * import { createProvider } from "evtstore/provider/memory";
 * import assert from "node:assert/strict";
 *
 * const counter = createAggregate({
 *   stream: "counters",
 *   create: () => ({ value: 0 }),
 *   fold: (event: { type: "Added"; value: number }, counter) => ({
 *     value: counter.value + event.value,
 *   }),
 * });
 * const counters = createProvidedAggregate({ ...counter, provider: createProvider() });
 * assert.deepEqual(await counters.getAggregate("a"), {
 *   aggregateId: "a",
 *   value: 0,
 *   version: 0,
 * });
 * ```
 *
 * @param opts The description and the provider.
 * @returns The aggregate, ready to be loaded.
 */
export function createProvidedAggregate<
  E extends Event,
  A extends Aggregate,
  S extends string = string,
  Tx = any,
>(
  opts: StorableAggregate<E, A, S> & StoreOptions<E, Tx>,
): ProvidedAggregate<E, A, S, Tx> {
  checkName("stream", opts.stream);
  const cache = opts.useCache
    ? new AggregateCache<A & BaseAggregate>(checkCacheSize(opts.cacheSize))
    : undefined;

  function toNextAggregate(
    previous: A & BaseAggregate,
    stored: StoreEvent<E>,
  ): A & BaseAggregate {
    return {
      ...previous,
      ...opts.fold(stored.event, previous, toMeta(stored)),
      version: stored.version,
      aggregateId: stored.aggregateId,
    };
  }

  async function getAggregate(
    id: string,
    options: GetAggregateOptions<Tx> = {},
  ): Promise<A & BaseAggregate> {
    checkName("aggregateId", id);
    const provider = await opts.provider;
    // What a transaction reads may yet be rolled back: the cache stays out of it.
    const usable = options.tx === undefined ? cache : undefined;
    const cached = usable?.get(id);
    const start: A & BaseAggregate = cached?.aggregate ??
      { ...opts.aggregate(), aggregateId: id, version: 0 };
    let aggregate = start;
    let position = cached?.position;
    for await (
      const page of readPages(provider, opts.stream, id, position, options)
    ) {
      for (const stored of page) aggregate = toNextAggregate(aggregate, stored);
      position = page.at(-1)?.position ?? position;
    }
    if (aggregate.version > start.version) usable?.set(id, aggregate, position);
    return aggregate;
  }

  const provided: ProvidedAggregate<E, A, S, Tx> = {
    stream: opts.stream,
    provider: opts.provider,
    getAggregate,
    toNextAggregate,
  };
  if (cache) provided.cache = cache;
  return provided;
}

/**
 * As {@linkcode createProvidedAggregate}, for aggregates that are stored with
 * their events (`persistAggregate`): a load takes the one in the last event if
 * the `version` of the fold is still the same, and folds all events otherwise.
 *
 * @param opts The description, with `version`, and the provider.
 * @returns The aggregate, ready to be loaded.
 */
export function createPersistedAggregate<
  E extends Event,
  A extends Aggregate,
  S extends string = string,
  Tx = any,
>(
  opts: StorableAggregate<E, A, S> & StoreOptions<E, Tx>,
): ProvidedAggregate<E, A, S, Tx> {
  const provided = createProvidedAggregate(opts);

  async function getAggregate(
    id: string,
    options: GetAggregateOptions<Tx> = {},
  ): Promise<A & BaseAggregate> {
    checkName("aggregateId", id);
    const provider = await opts.provider;
    const last = await provider.getLastEventFor(opts.stream, id, options);
    const persisted = last?.event.__persisted;
    if (persisted && opts.version && persisted.__pv === opts.version) {
      return persisted;
    }
    return provided.getAggregate(id, options);
  }

  const persisted: ProvidedAggregate<E, A, S, Tx> = {
    ...provided,
    getAggregate,
    persistAggregate: opts.persistAggregate ?? false,
  };
  if (opts.version !== undefined) persisted.version = opts.version;
  return persisted;
}

/** The events of one aggregate after a position, a page at a time. */
async function* readPages<E extends Event>(
  provider: Provider<E>,
  stream: string,
  id: string,
  fromPosition: any,
  { tx }: GetAggregateOptions,
): AsyncGenerator<StoreEvent<E>[]> {
  const options = tx === undefined ? {} : { tx };
  const pageSize = Math.min(PAGE_SIZE, provider.limit || PAGE_SIZE);
  let position = fromPosition;
  while (true) {
    const page = await provider.getEventsFor(stream, id, position, {
      ...options,
      limit: pageSize,
    });
    yield page;
    if (page.length < pageSize) return;
    position = page.at(-1)!.position;
  }
}

function checkCacheSize(size = 10_000): number {
  if (Number.isInteger(size) && size > 0) return size;
  throw new StoreError(
    "INVALID_INPUT",
    `Expected cacheSize to be a whole number above 0: got ${size}`,
    { field: "cacheSize" },
  );
}
