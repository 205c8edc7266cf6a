import type { Event, EventMeta, Ext } from "./event.ts";
import type { HandlerRetryOptions } from "./failure_policy.ts";
import type { HandlerChange } from "./handler_condition.ts";
import type { HandlerStatus } from "./handler_status.ts";
import type { ParkedAggregate } from "./parked_events.ts";

/** Called around each page of events that a handler reads. */
export type HandlerHooks = {
  /** Before the page is read. */
  preRun?: () => Promise<void>;
  /**
   * After the page was handled.
   *
   * @param events How many events it had.
   * @param handled How many of them there was a callback for.
   */
  postRun?: (events: number, handled: number) => Promise<void>;
};

/** Options of a handler. */
export type DomainHandlerOpts = {
  /** Called around each page of events. */
  hooks?: HandlerHooks;
  /**
   * Which version of the handler this is, a whole number from 1. Raise it to
   * rebuild a read model: beside the version that is live, this one handles all
   * that was handled, with `meta.replay`, and then takes over from it for good.
   * Needs a provider with `records` and a bookmark that is a name. Default: 1.
   */
  version?: number;
  /** Begin a new bookmark at the end of the streams. Default: false. */
  tailStream?: boolean;
  /** Begin at the end of the streams at every start. Default: false. */
  alwaysTailStream?: boolean;
  /**
   * What to do about an event whose callback throws, when it has been tried
   * often enough:
   *
   * - `"pause"`: it is never given up; nothing behind it is handled before.
   * - `"park"`: it is stored as parked, with its error, and the later events of
   *   its aggregate behind it; those of the others are handled. See `parked`,
   *   `replay` and `discard`. Needs a provider with `records` and a bookmark
   *   that is a name.
   * - `"skip"`: it is reported to `onError` and passed over.
   *
   * Default: `"pause"`.
   */
  onFailure?: "pause" | "park" | "skip";
  /**
   * How an event is tried again whose callback throws. Default: after 100 ms,
   * and then twice as long each time up to 10 s; 8 times with `"park"`, never
   * with `"skip"`, for ever with `"pause"`.
   */
  retry?: HandlerRetryOptions;
  /** The same as `onFailure: "skip"`. Default: false. */
  continueOnError?: boolean;
  /**
   * Give each callback the transaction that its bookmark moves in: what it
   * writes there is stored exactly once. Needs a provider with transactions and
   * a bookmark that is a name. Default: false.
   */
  transactional?: boolean;
  /**
   * Keep one handler of the bookmark at work over all processes: once started,
   * the others stand by, and one of them takes over within 10 seconds of a
   * crash and about a second after a stop. Needs a provider with `records` and
   * a bookmark that is a name; where there is none, or with `false`, handlers
   * of one bookmark work beside each other and do each other's work twice, but
   * cannot move the bookmark past an event. Default: true.
   */
  exclusive?: boolean;
  /**
   * How many events to handle at once; those of one aggregate still come one
   * after the other. What was done out of order, behind an event that was not begun,
   * comes again, also after a stop. Cannot be combined with `transactional`.
   * Default: 1.
   */
  concurrency?: number;
  /**
   * Share the handler out over the processes that start it: into so many parts,
   * from 1 to 64. The events of one aggregate still come one after the other;
   * one that is slow or fails holds up those of its slice, which is a 64th of
   * all aggregates. Up to 64 events are handled at once in a process, times
   * `concurrency`. May be changed at any time, but not be left out again. Needs
   * a provider with `records` and a bookmark that is a name; cannot be combined
   * with `version`, `alwaysTailStream` or `exclusive: false`. Default: not
   * shared out.
   */
  shards?: number;
  /** How often to look for new events, in milliseconds. Default: 1,000. */
  poll?: number;
  /**
   * When to store the bookmark, beside the end of each page, of an error and of
   * a stop: after so many events, or so many milliseconds, whichever is first.
   * Default: `{ ms: 1000 }`.
   */
  checkpoint?: {
    /** After so many events. */
    events?: number;
    /** After so many milliseconds. */
    ms?: number;
  };
};

/** Options that make a handler's callbacks receive a transaction. */
export type TransactionalOptions = DomainHandlerOpts & { transactional: true };

/**
 * What happens with one event. The next one waits for the promise it returns.
 *
 * @param aggregateId The aggregate of the event.
 * @param event The event.
 * @param meta Where and when it was stored.
 * @param tx The transaction that the bookmark moves in; undefined unless the
 * handler is transactional.
 */
export type EventCallback<E extends Event, Tx = undefined> = (
  aggregateId: string,
  event: E,
  meta: EventMeta,
  tx: Tx,
) => any;

/** Callbacks by the type of the event. */
export type HandlerBody<E extends Event, Tx = undefined> = {
  [evt in E["type"]]?: EventCallback<Ext<E, evt>, Tx>;
};

/** An event of a batch, with where and when it was stored. */
export type BatchedEvent<Body extends { [key: string]: Event }> = {
  [S in keyof Body]: EventMeta & { stream: S; event: Body[S] };
}[keyof Body];

/**
 * What happens with several events at once. The next ones wait for the promise
 * it returns; if it throws, all of them come again.
 *
 * @param events The events of all streams of the handler, in order.
 * @param tx The transaction that the bookmark moves in; undefined unless the
 * handler is transactional.
 */
export type BatchCallback<E, Tx = undefined> = (events: E[], tx: Tx) => any;

/** Options of `handleBatch`. */
export type BatchOptions = {
  /** The most events of one call. Default: those of a page, 1,000. */
  size?: number;
};

/** Registers a callback for one type of event of one stream. */
export type StreamsHandler<
  T extends { [key: string]: Event },
  Tx = undefined,
> = <TStream extends keyof T, TType extends T[TStream]["type"]>(
  stream: TStream,
  type: TType,
  handler: EventCallback<Ext<T[TStream], TType>, Tx>,
) => void;

/** Options of {@linkcode HandlerControls.handled}. */
export type HandledOptions = {
  /** How long to wait, in milliseconds. Default: 5,000. */
  timeout?: number;
  /** Ends the waiting; `handled` then throws its reason. */
  signal?: AbortSignal;
};

/** Of which aggregate something is parked. */
export type ParkedTarget = {
  /** Its stream; may be left out where the handler has only one. */
  stream?: string;
  /** Its id. */
  aggregateId: string;
};

/** What every handler can be told. */
export type HandlerControls = {
  /** The name of its bookmark. */
  readonly name: string;
  /**
   * Handles events from now on, until it is stopped; the process does not end by
   * itself before that. A second call does nothing.
   */
  start: () => void;
  /**
   * Lets the event in hand finish, stores the bookmark and ends. Called from a
   * callback of this handler, it does not wait for that callback.
   */
  stop: () => Promise<void>;
  /**
   * Handles everything that is new, started or not, and whoever owns the
   * bookmark.
   *
   * @returns How many events it saw.
   * @throws What a callback threw, unless such events are parked or skipped.
   */
  runOnce: () => Promise<number>;
  /** One turn of a started handler: as `runOnce`, with errors to `onError`. */
  run: () => Promise<void>;
  /** Forgets its place; the stored bookmark is read again. */
  reset: () => void;
  /** Where it would begin, or where it is if its bookmark is in memory. */
  getPosition: () => Promise<any>;
  /** Stores its place now. */
  setPosition: () => Promise<void>;
  /**
   * Waits until an event is handled, in this process or another: then a read
   * model shows one's own write. It must be one that is stored, such as the
   * version that a command returned.
   *
   * @param stream A stream of this handler.
   * @param aggregateId The aggregate.
   * @param version Its version.
   * @param options How long to wait.
   * @throws {StoreError} `HANDLER_BEHIND` if that took too long, `EVENT_PARKED`
   * if it is parked, `INVALID_INPUT` for a stream that this handler does not
   * have.
   */
  handled: (
    stream: string,
    aggregateId: string,
    version: number,
    options?: HandledOptions,
  ) => Promise<void>;
  /**
   * The aggregates of which something is parked under this bookmark, whoever
   * parked it.
   */
  parked: () => Promise<ParkedAggregate[]>;
  /**
   * Handles the parked events of an aggregate in order, after a repair, in any
   * process, started or not. Each is tried once. The aggregate is parked until
   * all of them are handled; then its next events are handled as they come.
   *
   * @param target Which one, as `parked` gives it.
   * @returns How many events it handled; 0 if none is parked.
   * @throws What a callback threw: that event, and those behind it, stay parked.
   * {@linkcode StoreError} `BOOKMARK_MOVED` beside another replay of the same
   * aggregate, `HANDLER_REENTERED` inside a callback, `INVALID_INPUT`.
   */
  replay: (target: ParkedTarget) => Promise<number>;
  /**
   * Gives up parked events of an aggregate: those up to a version, as `parked`
   * gives it. With `version` that is the event that failed, with `lastVersion`
   * in its place all of them. What is left stays parked, until `replay`.
   *
   * @param target Which ones.
   * @returns How many events were given up.
   * @throws {StoreError} `INVALID_INPUT`
   */
  discard: (target: ParkedTarget & { version: number }) => Promise<number>;
  /**
   * Calls `observer` with what changes, as it changes, without asking the
   * database: what it does, what failed, and that it goes on again.
   *
   * @param observer Told of each change in this process.
   * @returns A function that ends it.
   */
  observe: (observer: (change: HandlerChange) => void) => () => void;
  /** What it does, how far behind it is, what is parked and what failed last. */
  status: () => Promise<HandlerStatus>;
  /** Stops it at the end of an `await using` block. */
  [Symbol.asyncDispose]: () => Promise<void>;
};

/** A handler of one stream. */
export type Handler<E extends Event, Tx = undefined> = HandlerControls & {
  /** Registers a callback for one type of event. */
  handle: <T extends E["type"]>(
    type: T,
    callback: EventCallback<Ext<E, T>, Tx>,
  ) => void;
  /** Registers several callbacks. */
  handlers: (body: HandlerBody<E, Tx>) => void;
  /**
   * Handles the events many at a time, instead of by callbacks for each: for a
   * read model that writes many rows in one statement.
   */
  handleBatch: (
    callback: BatchCallback<BatchedEvent<{ [stream: string]: E }>, Tx>,
    options?: BatchOptions,
  ) => void;
};

/** A handler of several streams. */
export type StreamHandler<
  Body extends { [key: string]: Event },
  Tx = undefined,
> = HandlerControls & {
  /** Registers a callback for one type of event of one stream. */
  handle: StreamsHandler<Body, Tx>;
  /** Registers several callbacks for one stream. */
  handleStream: <S extends keyof Body>(
    stream: S,
    handlers: HandlerBody<Body[S], Tx>,
  ) => void;
  /**
   * Handles the events many at a time, instead of by callbacks for each: for a
   * read model that writes many rows in one statement.
   *
   * @throws {StoreError} `INVALID_INPUT` beside callbacks for single events,
   * `concurrency`, or another `onFailure` than `"pause"`.
   */
  handleBatch: (
    callback: BatchCallback<BatchedEvent<Body>, Tx>,
    options?: BatchOptions,
  ) => void;
};
