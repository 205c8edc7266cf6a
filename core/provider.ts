import type { Catalog } from "./catalog.ts";
import type { Event, StoreEvent } from "./event.ts";
import type { Records } from "./records.ts";

/**
 * Called with every failure that has no caller to throw at: those of event
 * handlers, and warnings of a provider.
 *
 * @param error What was thrown.
 * @param stream The stream of the event, or the handler's streams joined by ", ".
 * @param bookmark The name of the handler's bookmark.
 * @param event The stored event in hand, if there was one, with its `type`.
 */
export type ErrorCallback = (
  error: any,
  stream: string,
  bookmark: string,
  event?: Event & { [key: string]: any },
) => any;

/**
 * Events in the order of their positions, and how far the provider looked.
 */
export type EventPage<E extends Event> = StoreEvent<E>[] & {
  /**
   * Nothing of these streams stands between the last event of the page and
   * this position, nor will it ever. A handler whose streams are quiet goes on
   * from here. Absent where the page has as many events as it may have, by the
   * limit asked for or the provider's own, and where the provider cannot tell.
   */
  scannedTo?: any;
};

/** Options of {@linkcode Provider.getEventsFor}. */
export type ReadOptions<Tx = any> = {
  /** The most events to return; the provider's own limit may be lower. */
  limit?: number;
  /** Read inside this transaction, and see what it wrote. */
  tx?: Tx;
};

/** Options of {@linkcode Provider.append}. */
export type AppendOptions<Tx = any> = {
  /** Append inside this transaction; nothing is stored if it does not commit. */
  tx?: Tx;
  /** Refuse with `DuplicateCommandError` if the aggregate has it already. */
  commandId?: string;
};

/** Options of {@linkcode Provider.setPosition}. */
export type SetPositionOptions<Tx = any> = {
  /**
   * Compare and set: move the bookmark only if it stands where `getPosition`
   * gave this value. Without it the bookmark moves from wherever it is.
   */
  from?: any;
  /** Move it inside this transaction. */
  tx?: Tx;
};

/** Where the safe end of the log is, and what holds it back. */
export type Horizon = {
  /** Handlers see events up to here. */
  position: any;
  /** The writers that are not finished, oldest first; empty when none is. */
  blockedBy: {
    /** What the database calls the writer: a process, a session. */
    session: string;
    /** How long the writer has been at it, in milliseconds, where known. */
    ageMs?: number;
    /** The statement it ran last, where the database shows it. */
    query?: string;
  }[];
};

/**
 * A database as the library sees it: an append-only log in one order, and
 * bookmarks in it. What follows `append` is optional: an application that
 * wrote its own provider for evtstore 12 needs none of it.
 *
 * @typeParam Evt The events that are stored.
 * @typeParam Tx The transaction of the database's own driver.
 */
export type Provider<Evt extends Event, Tx = any> = {
  /** A short name of the database, for messages. */
  driver: string;
  /** The most events that a read returns, when it is not asked for fewer. */
  limit?: number;
  /** Called with every failure that has no caller to throw at. */
  onError: ErrorCallback;

  /** Where the bookmark stands; the start of the log for an unknown one. */
  getPosition(bookmark: string): Promise<any>;
  /**
   * Stores where the bookmark stands.
   *
   * @returns With `from`, whether it moved; otherwise nothing.
   */
  setPosition(
    bookmark: string,
    position: any,
    options?: SetPositionOptions<Tx>,
  ): Promise<boolean | void>;
  /**
   * The events of one or several streams after a position, in one order that
   * never changes: no event appears later at or before a position that was
   * returned once.
   */
  getEventsFrom(
    stream: string | string[],
    position: any,
    limit?: number,
  ): Promise<EventPage<Evt>>;
  /** The events of one aggregate after a position, by version. */
  getEventsFor(
    stream: string,
    aggregateId: string,
    fromPosition?: any,
    options?: ReadOptions<Tx>,
  ): Promise<StoreEvent<Evt>[]>;
  /** The newest event of the streams, or of one aggregate in them. */
  getLastEventFor(
    stream: string | string[],
    aggregateId?: string,
    options?: ReadOptions<Tx>,
  ): Promise<StoreEvent<Evt & { __persisted?: any }> | undefined>;
  /** Makes stored events of plain ones, numbered from `version`. */
  createEvents(
    stream: string,
    aggregateId: string,
    version: number,
    event: Evt[],
  ): StoreEvent<Evt>[];
  /**
   * Stores all events or none, the first of them as `version`.
   *
   * @returns The events with the positions that they were given.
   * @throws {DuplicateCommandError} If the aggregate has `commandId` already,
   * whatever its version.
   * @throws {VersionError} If the aggregate is not at `version - 1`. For
   * nothing else.
   */
  append(
    stream: string,
    aggregateId: string,
    version: number,
    event: StoreEvent<Evt>[],
    options?: AppendOptions<Tx>,
  ): Promise<StoreEvent<Evt>[]>;

  /**
   * Calls `listener` when something may be new: after each append of this
   * provider, and of others as soon as it learns of them. Too often is harmless,
   * and handlers poll as well.
   *
   * @returns A function that ends it.
   */
  watch?(listener: () => void): () => void;
  /**
   * Runs `work` in one transaction and commits it. It resolves only if the
   * database really committed, and rolls back if `work` throws.
   */
  transact?<T>(work: (tx: Tx) => Promise<T>): Promise<T>;
  /** Small documents beside the log. */
  records?: Records<Tx>;
  /** The version that the first event of a stored command has. */
  findCommand?(
    stream: string,
    aggregateId: string,
    commandId: string,
    options?: { tx?: Tx },
  ): Promise<number | undefined>;
  /** Where the safe end of the log is, and what holds it back. */
  horizon?(): Promise<Horizon>;
  /**
   * Holds an aggregate at a version until the transaction ends: nobody else
   * appends to it before that. Whoever tries waits, or is refused, or the
   * transaction is.
   *
   * @returns The version that it has. It is held if that is `version`.
   */
  hold?(
    stream: string,
    aggregateId: string,
    version: number,
    options: { tx: Tx },
  ): Promise<number>;
  /** What the store holds, for tools that look at it from outside. */
  catalog?: Catalog;
};

/** A provider that has every capability. */
export type FullProvider<Evt extends Event, Tx = any> =
  & Provider<Evt, Tx>
  & Required<
    Pick<
      Provider<Evt, Tx>,
      | "watch"
      | "transact"
      | "records"
      | "findCommand"
      | "horizon"
      | "hold"
      | "catalog"
    >
  >;

/** A provider, or the promise of one. */
export type ProviderOrPromise<Evt extends Event, Tx = any> =
  | Provider<Evt, Tx>
  | Promise<Provider<Evt, Tx>>;
