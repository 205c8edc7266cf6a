import type { AggregateCache } from "./aggregate_cache.ts";
import { StoreError } from "./errors.ts";
import type { Event, EventMeta, StoreEvent } from "./event.ts";
import type {
  EventsOfSchemas,
  SchemaOptions,
  Schemas,
  StableSchemas,
} from "./schema.ts";
import type { Provider, ProviderOrPromise } from "./provider.ts";
import {
  checkSnapshotOptions,
  type SnapshotOptions,
} from "./snapshot_options.ts";
import { checkPersonal, type PersonalOptions } from "./personal.ts";
import type { EventOpener } from "./sealer.ts";
import type { Upcasters } from "./upcast.ts";
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
 * @param event The event.
 * @param aggregate The aggregate before it.
 * @param meta Where and when the event was stored.
 * @returns The properties that change.
 */
export type Fold<E extends Event, A extends Aggregate> = (
  event: E,
  aggregate: A & BaseAggregate,
  meta: EventMeta,
) => Partial<A>;

/** An aggregate as {@linkcode createAggregate} describes it: not stored anywhere yet. */
export type StorableAggregate<
  E extends Event = any,
  A extends Aggregate = any,
  S extends string = string,
  Old extends Event = any,
> = SchemaOptions & {
  /** The stream that its events are appended to. */
  stream: S;
  /** What one event changes. */
  fold: Fold<E, A>;
  /** How stored events become those of today, if any have changed. */
  upcast?: Upcasters<Old, any>;
  /** Which fields of its events are personal, if any are. */
  personal?: PersonalOptions;
  /** A new and empty aggregate. */
  aggregate: () => A;
  /** The version of the fold, for `persistAggregate`. */
  version?: string;
  /** Whether the folded aggregate is stored with every event. */
  persistAggregate?: boolean;
  /** How snapshots are kept, if they are. */
  snapshot?: SnapshotOptions;
};

/** Aggregates by the name that a domain gives them. */
export type AggregateStore = {
  [key: string]: StorableAggregate<any, any, string, any>;
};

/** Options of `getAggregate` of {@linkcode ProvidedAggregate}. */
export type GetAggregateOptions<Tx = any> = {
  /** Read inside this transaction, and see what it wrote. */
  tx?: Tx;
};

/** The snapshots of an aggregate. */
export type AggregateSnapshots<E extends Event, A extends Aggregate> = {
  /** Keeps one if it is due; commands call it behind what they append. */
  appended(
    provider: Provider<E>,
    aggregate: A & BaseAggregate,
    position: any,
  ): void;
  /** Resolves when none is being written or checked any more. */
  settled(): Promise<void>;
  /** Removes those of one aggregate, as when its events are removed. */
  forget(aggregateId: string): Promise<void>;
};

/** An aggregate that can be loaded: it knows where its events are stored. */
export type ProvidedAggregate<
  E extends Event,
  A extends Aggregate,
  S extends string = string,
  Tx = any,
  Old extends Event = any,
> = SchemaOptions & {
  /** The stream that its events are appended to. */
  stream: S;
  /** How stored events become those of today, if any have changed. */
  upcast?: Upcasters<Old, any>;
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
    previous: A & BaseAggregate,
    event: StoreEvent<E>,
  ) => A & BaseAggregate;
  /** The version of the fold, for `persistAggregate`. */
  version?: string;
  /** Whether the folded aggregate is stored with every event. */
  persistAggregate?: boolean;
  /** Where loaded aggregates are kept, if they are. */
  cache?: AggregateCache<A & BaseAggregate>;
  /** Whether commands decide on what is kept without asking the database. */
  optimistic?: boolean;
  /** Its snapshots, if they are kept. */
  snapshots?: AggregateSnapshots<E, A>;
  /** Decrypts its personal fields, if it has any. */
  opener?: EventOpener;
};

/** Options of {@linkcode createAggregate}. */
export type AggregateOptions<
  E extends Event,
  A extends Aggregate,
  S extends string,
  Old extends Event = any,
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
  /**
   * Keep the folded aggregate beside the log after every so many events, so
   * that a load reads only those that follow. It must be what JSON can hold.
   * Needs a provider that has `records`. Default: none are kept.
   */
  snapshot?: SnapshotOptions;
  /**
   * How events that were stored in another shape become those of today, from
   * {@linkcode createUpcasters}. It is declared here only, and applies wherever
   * an event of the stream is read. Default: every event is what was stored.
   */
  upcast?: Upcasters<Old, NoInfer<E>>;
  /**
   * Fields that are stored encrypted, with a key for each subject, until it is
   * forgotten: then their placeholder is read instead. Default: there are none.
   */
  personal?: NoInfer<PersonalOptions<E, Old>>;
};

/** Options of {@linkcode createAggregate} where schemas say what the events are. */
export type SchemaAggregateOptions<
  Events extends Schemas,
  A extends Aggregate,
  S extends string,
  Old extends Event = any,
> = AggregateOptions<EventsOfSchemas<Events>, A, S, Old> & {
  /**
   * A schema of each event, by its `type` and without it: of Zod, Valibot,
   * ArkType or any other library of Standard Schema. The types of the events
   * follow from them. What a command handler returns is validated before it is
   * stored, and what the schema gives is stored. Validation is synchronous.
   */
  schema: Events & StableSchemas<Events>;
  /**
   * Validate events when they are read, too, by a load or by a handler that
   * the domain makes. What the schema gives is then what is folded and handled.
   * Default: false.
   */
  validateOnRead?: boolean;
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
 * for `persistAggregate` without `version` or together with `snapshot`, for
 * an option of `snapshot` or `personal` that cannot be used.
 */
export function createAggregate<
  Events extends Schemas,
  A extends Aggregate,
  S extends string,
  Old extends Event = any,
>(
  opts: SchemaAggregateOptions<Events, A, S, Old>,
): StorableAggregate<EventsOfSchemas<Events>, A, S, Old>;
/** Without schemas, the events are what the parameter of `fold` says. */
export function createAggregate<
  E extends Event,
  A extends Aggregate,
  S extends string,
  Old extends Event = any,
>(opts: AggregateOptions<E, A, S, Old>): StorableAggregate<E, A, S, Old>;
export function createAggregate<
  E extends Event,
  A extends Aggregate,
  S extends string,
>(
  opts: AggregateOptions<E, A, S> & SchemaOptions,
): StorableAggregate<E, A, S> {
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
  if (opts.schema) storable.schema = opts.schema;
  if (opts.validateOnRead) storable.validateOnRead = true;
  if (opts.snapshot) storable.snapshot = checkSnapshots(opts, opts.snapshot);
  if (opts.upcast) storable.upcast = opts.upcast;
  if (opts.personal) {
    checkPersonal(opts);
    storable.personal = opts.personal;
  }
  return storable;
}

function checkSnapshots(
  { stream, persistAggregate }: AggregateOptions<any, any, any>,
  snapshot: SnapshotOptions,
): SnapshotOptions {
  if (persistAggregate) {
    throw new StoreError(
      "INVALID_INPUT",
      `Cannot keep snapshots of stream "${stream}" and "persistAggregate" too: choose one`,
      { field: "snapshot", stream },
    );
  }
  return checkSnapshotOptions(stream, snapshot);
}
