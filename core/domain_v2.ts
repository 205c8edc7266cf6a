import { aggregateKey } from "./aggregate_key.ts";
import type {
  AggregateStore,
  ProvidedAggregate,
  StorableAggregate,
} from "./aggregate.ts";
import {
  createPersistedAggregate,
  createProvidedAggregate,
  type StoreOptions,
} from "./provided_aggregate.ts";
import type { HandlerBookmark } from "./bookmark.ts";
import { StoreError } from "./errors.ts";
import type { Event } from "./event.ts";
import { type ReadEvents, readEvents } from "./event_reader.ts";
import { streamHandler } from "./handler.ts";
import { createErasure, type Erasure } from "./forget.ts";
import { makeHandler } from "./make_handler.ts";
import { readingOf } from "./reading.ts";
import type {
  DomainHandlerOpts,
  StreamHandler,
  TransactionalOptions,
} from "./handler_options.ts";

/** The names of the streams of a domain. */
export type StreamsOf<T extends AggregateStore> = T[keyof T]["stream"];

/** The events of each stream of a domain. */
export type EventsOf<T extends AggregateStore> = {
  [S in StreamsOf<T>]: EventsOfStream<T[keyof T], S>;
};

/** The events of the aggregates that append to stream `S`. */
export type EventsOfStream<T extends StorableAggregate, S extends string> =
  T extends StorableAggregate<infer E, any, S> ? E : never;

/** A described aggregate, once it has a provider. */
export type Provide<T, Tx> = T extends
  StorableAggregate<infer E, infer A, infer S, infer Old>
  ? ProvidedAggregate<E, A, S, Tx, Old>
  : never;

/** The events of some of a domain's streams. */
export type SelectedEvents<T extends AggregateStore, S extends StreamsOf<T>> = {
  [K in S]: EventsOf<T>[K] extends Event ? EventsOf<T>[K] : never;
};

/** Makes handlers of a domain's streams. */
export type StreamHandlerFactory<T extends AggregateStore, Tx = any> = {
  /** Each callback gets the transaction that the bookmark moves in. */
  <S extends StreamsOf<T>[]>(
    bookmark: HandlerBookmark,
    streams: S,
    options: TransactionalOptions,
  ): StreamHandler<SelectedEvents<T, S[number]>, Tx>;
  /** Makes a handler of these streams with this bookmark. */
  <S extends StreamsOf<T>[]>(
    bookmark: HandlerBookmark,
    streams: S,
    options?: DomainHandlerOpts,
  ): StreamHandler<SelectedEvents<T, S[number]>>;
};

/** What {@linkcode createDomainV2} returns. */
export type DomainV2<T extends AggregateStore, Tx = any> = {
  /** The aggregates, ready to be loaded and given to `createCommands`. */
  domain: { [key in keyof T]: Provide<T[key], Tx> };
  /** Makes handlers; streams and types of events are checked by the compiler. */
  createHandler: StreamHandlerFactory<T, Tx>;
};

/** What {@linkcode createDomainV2} returns beside that. */
export type DomainReads<T extends AggregateStore> = {
  /** Reads the events of some streams as what they are today. */
  readEvents: ReadEvents<SelectedEvents<T, StreamsOf<T>>>;
};

/**
 * A domain of several aggregates on one provider.
 *
 * @example
 * ```ts
 * import { createAggregate, createDomainV2 } from "evtstore";
 * import { createProvider } from "evtstore/provider/memory";
 * import assert from "node:assert/strict";
 *
 * const user = createAggregate({
 *   stream: "users",
 *   create: () => ({ name: "" }),
 *   fold: (event: { type: "Named"; name: string }) => ({ name: event.name }),
 * });
 * const { domain, createHandler } = createDomainV2(
 *   { provider: createProvider(), useCache: true },
 *   { user },
 * );
 * const names = createHandler("names", ["users"]);
 * names.handle("users", "Named", async (id, event) => console.log(id, event.name));
 * assert.equal((await domain.user.getAggregate("u1")).version, 0);
 * ```
 *
 * @param opts The provider, or the promise of one, and whether to cache.
 * @param aggregates The aggregates, by the name that `domain` gives them.
 * @returns `domain`, `createHandler`, `readEvents`, and what `personal` fields
 * are forgotten by.
 * @throws {StoreError} `INVALID_INPUT` for an option that cannot be used;
 * `NOT_SUPPORTED` for `snapshot` on a provider without `records`.
 */
export function createDomainV2<Tree extends AggregateStore, Tx = any>(
  opts: StoreOptions<any, Tx>,
  aggregates: Tree,
): DomainV2<Tree, Tx> & DomainReads<Tree> & Erasure {
  checkSnapshotVersions(Object.values(aggregates));
  const reading = readingOf(Object.values(aggregates), opts);
  const provided = Object.entries(aggregates).map(([name, aggregate]) => {
    const options = { ...aggregate, ...opts };
    const isPersisted = aggregate.persistAggregate && aggregate.version;
    const create = isPersisted
      ? createPersistedAggregate
      : createProvidedAggregate;
    return [name, create(options)] as const;
  });
  const createHandler = (
    bookmark: HandlerBookmark,
    streams: string[],
    options: DomainHandlerOpts = {},
  ) =>
    streamHandler<any>(
      makeHandler({
        ...options,
        bookmark,
        streams,
        provider: opts.provider,
        ...reading,
      }),
    );
  const snapshots = provided.flatMap(([, { snapshots }]) => snapshots ?? []);
  return {
    domain: Object.fromEntries(provided) as any,
    createHandler,
    ...createErasure(opts, snapshots),
    readEvents: (streams, options = {}): AsyncGenerator<any> =>
      readEvents(opts.provider, streams, reading, options),
  };
}

/** Two aggregates of one stream would read each other's snapshots. */
function checkSnapshotVersions(aggregates: StorableAggregate[]): void {
  const folds = new Map<string, unknown>();
  for (const { stream, snapshot, fold } of aggregates) {
    if (!snapshot) continue;
    const key = aggregateKey(stream, snapshot.version);
    if (folds.has(key) && folds.get(key) !== fold) {
      throw new StoreError(
        "INVALID_INPUT",
        `Cannot keep snapshots of two aggregates of stream "${stream}" by the version "${snapshot.version}": they would be taken for each other; give each a version of its own`,
        { field: "snapshot.version", stream },
      );
    }
    folds.set(key, fold);
  }
}
