import type {
  Aggregate,
  BaseAggregate,
  GetAggregateOptions,
  ProvidedAggregate,
  StorableAggregate,
} from "./aggregate.ts";
import { AggregateCache, type CachedAggregate } from "./aggregate_cache.ts";
import { readPage } from "./aggregate_pages.ts";
import { StoreError } from "./errors.ts";
import {
  type Event,
  type EventMeta,
  type StoreEvent,
  toMeta,
} from "./event.ts";
import { withOrigin } from "./origin.ts";
import type { Provider, ProviderOrPromise } from "./provider.ts";
import { toRead } from "./schema.ts";
import { Snapshots } from "./snapshots.ts";
import { keyRingOf } from "./key_ring.ts";
import { checkPersonal, withoutPersonal } from "./personal.ts";
import { checkReadable, Sealer } from "./sealer.ts";
import { sealedProvider } from "./sealed_provider.ts";
import type { ForgetHook, SubjectKeys } from "./subject_keys.ts";
import { foldVersion, metaOfPart, upcastEvent } from "./todays_events.ts";
import { checkName } from "./validation.ts";

/** Where the events of an aggregate are stored, and whether it is cached. */
export type StoreOptions<E extends Event = any, Tx = any> = {
  /** Where the events are stored. */
  provider: ProviderOrPromise<E, Tx>;
  /**
   * Keep loaded aggregates in memory and read only what is new. Correct when
   * other processes append too. An aggregate that holds more than plain data
   * (objects, arrays, maps, sets, dates) is not kept. Default: false.
   *
   * With `"optimistic"` a command decides on the aggregate in memory without
   * asking the database at all: where one process sends most of the commands of
   * an aggregate, that saves a round trip of two. If another was faster, or the
   * decision was to refuse or to do nothing, what is new is read and, if there
   * is anything, decided again: a command handler may be called twice.
   */
  useCache?: boolean | "optimistic";
  /** The most aggregates that a cache keeps, of each stream. Default: 10,000. */
  cacheSize?: number;
  /**
   * Where the keys of personal fields are kept. Default: in the provider's
   * records.
   */
  keys?: SubjectKeys;
  /**
   * Called by `forget`, with each subject whose key was destroyed, so that read
   * models can remove what they have of it. If it throws, `forget` rejects, and
   * `finishForgetting` calls it again: it may be called several times.
   */
  onForget?: ForgetHook;
};

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
 * @throws {StoreError} `INVALID_INPUT` for an option that cannot be used;
 * `NOT_SUPPORTED` for `snapshot` on a provider without `records`. Where the
 * provider is a promise its loads reject with that.
 */
export function createProvidedAggregate<
  E extends Event,
  A extends Aggregate,
  S extends string = string,
  Tx = any,
  Old extends Event = any,
>(
  opts: StorableAggregate<E, A, S, Old> & StoreOptions<E, Tx>,
): ProvidedAggregate<E, A, S, Tx, Old> {
  checkName("stream", opts.stream);
  checkPersonal(opts);
  const sealer = opts.personal &&
    new Sealer([opts], () => keyRingOf(opts.provider, opts.keys));
  const events = sealer ? sealedProvider(opts.provider, sealer) : opts.provider;
  // What is in memory would outlive its subject in other processes.
  const cache = opts.useCache && !sealer
    ? new AggregateCache<A & BaseAggregate>(checkCacheSize(opts.cacheSize))
    : undefined;
  const snapshots = opts.snapshot && new Snapshots<E, A>({
    stream: opts.stream,
    provider: events,
    ...sealer && { sealer },
    empty,
    next: toNextAggregate,
    load: (provider, id, options) => foldAll(provider, id, undefined, options),
    wrong: (id) => cache?.delete(id),
  }, {
    ...opts.snapshot,
    version: foldVersion(opts.snapshot.version, opts),
  });
  if (snapshots && !("then" in opts.provider)) {
    checkHasRecords(opts.provider, opts.stream);
  }

  function empty(id: string): A & BaseAggregate {
    return { ...opts.aggregate(), aggregateId: id, version: 0 };
  }

  function toNextAggregate(
    previous: A & BaseAggregate,
    stored: StoreEvent<E>,
  ): A & BaseAggregate {
    if (sealer) checkReadable(stored);
    const meta = toMeta(stored);
    const parts = opts.upcast && upcastEvent(opts.upcast, stored);
    if (!parts) return foldOne(previous, stored.event, meta, stored.version);
    const next = parts.reduce(
      (next, event, part) =>
        foldOne(
          next,
          event as E,
          metaOfPart(meta, part, parts),
          previous.version,
        ),
      previous,
    );
    return { ...next, version: stored.version, aggregateId: meta.aggregateId };
  }

  function foldOne(
    previous: A & BaseAggregate,
    event: E,
    meta: EventMeta,
    version: number,
  ): A & BaseAggregate {
    const read = opts.schema && opts.validateOnRead
      ? toRead(opts.schema, event, meta)
      : event;
    return {
      ...previous,
      ...opts.fold(read, previous, meta),
      version,
      aggregateId: meta.aggregateId,
    };
  }

  async function getAggregate(
    id: string,
    options: GetAggregateOptions<Tx> = {},
  ): Promise<A & BaseAggregate> {
    checkName("aggregateId", id);
    const provider = await events;
    if (snapshots) checkHasRecords(provider, opts.stream);
    // What a transaction reads may yet be rolled back: the cache stays out of it.
    const usable = options.tx === undefined ? cache : undefined;
    const cached = usable?.get(id);
    const { aggregate, position } = snapshots && !cached
      ? await snapshots.load(provider, id, options)
      : await foldAll(provider, id, cached, options);
    if (aggregate.version > (cached?.aggregate.version ?? 0)) {
      usable?.set(id, aggregate, position);
    }
    return aggregate;
  }

  async function foldAll(
    provider: Provider<E>,
    id: string,
    cached: CachedAggregate<A & BaseAggregate> | undefined,
    options: GetAggregateOptions<Tx>,
  ): Promise<CachedAggregate<A & BaseAggregate>> {
    let aggregate = cached?.aggregate ?? empty(id);
    let position = cached?.position;
    // Not by `readPages`: most loads are one page, and it waits for each twice.
    for (;;) {
      const { page, isLast } = await readPage(
        provider,
        opts.stream,
        id,
        position,
        options,
      );
      for (const stored of page) aggregate = toNextAggregate(aggregate, stored);
      position = page.at(-1)?.position ?? position;
      if (isLast) return { aggregate, position };
    }
  }

  const provided: ProvidedAggregate<E, A, S, Tx, Old> = {
    stream: opts.stream,
    provider: events,
    getAggregate,
    toNextAggregate,
  };
  if (opts.schema) provided.schema = opts.schema;
  if (opts.validateOnRead) provided.validateOnRead = true;
  if (opts.upcast) provided.upcast = opts.upcast;
  if (sealer) provided.opener = sealer;
  if (cache) provided.cache = cache;
  if (snapshots) provided.snapshots = snapshots;
  if (cache && opts.useCache === "optimistic") provided.optimistic = true;
  return withOrigin(provided, {
    stream: opts.stream,
    over: (provider) =>
      createProvidedAggregate(withoutPersonal({ ...opts, provider })),
  });
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
  Old extends Event = any,
>(
  opts: StorableAggregate<E, A, S, Old> & StoreOptions<E, Tx>,
): ProvidedAggregate<E, A, S, Tx, Old> {
  const provided = createProvidedAggregate(opts);
  const version = opts.version && foldVersion(opts.version, opts);

  async function getAggregate(
    id: string,
    options: GetAggregateOptions<Tx> = {},
  ): Promise<A & BaseAggregate> {
    checkName("aggregateId", id);
    const provider = await opts.provider;
    const last = await provider.getLastEventFor(opts.stream, id, options);
    const persisted = last?.event.__persisted;
    if (persisted && version && persisted.__pv === version) {
      return persisted;
    }
    return provided.getAggregate(id, options);
  }

  const persisted: ProvidedAggregate<E, A, S, Tx, Old> = {
    ...provided,
    getAggregate,
    persistAggregate: opts.persistAggregate ?? false,
  };
  if (version !== undefined) persisted.version = version;
  return withOrigin(persisted, {
    stream: opts.stream,
    over: (provider) =>
      createPersistedAggregate(withoutPersonal({ ...opts, provider })),
  });
}

function checkCacheSize(size = 10_000): number {
  if (Number.isInteger(size) && size > 0) return size;
  throw new StoreError(
    "INVALID_INPUT",
    `Expected cacheSize to be a whole number above 0: got ${size}`,
    { field: "cacheSize" },
  );
}

function checkHasRecords(provider: Provider<any>, stream: string): void {
  if (provider.records) return;
  throw new StoreError(
    "NOT_SUPPORTED",
    `Cannot keep snapshots of stream "${stream}": the ${provider.driver} provider has no records; leave "snapshot" out, or take another provider`,
    { field: "snapshot", stream },
  );
}
