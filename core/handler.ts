import type { HandlerBookmark } from "./bookmark.ts";
import type { Event } from "./event.ts";
import type {
  DomainHandlerOpts,
  EventCallback,
  HandlerBody,
  HandlerControls,
  StreamHandler,
  TransactionalOptions,
} from "./handler_options.ts";
import { type AnyHandler, makeHandler } from "./make_handler.ts";
import type { ProviderOrPromise } from "./provider.ts";
import type { PersonalOptions } from "./personal.ts";
import { readingOf } from "./reading.ts";
import type { SubjectKeys } from "./subject_keys.ts";
import type { Upcasters } from "./upcast.ts";

/** Options of {@linkcode createHandler}. */
export type CreateHandlerOptions<
  Body extends { [key: string]: Event },
  Tx = any,
> = DomainHandlerOpts & {
  /** The name of its bookmark, or a bookmark of one's own. */
  bookmark: HandlerBookmark;
  /** The streams it handles. */
  streams: Array<keyof Body>;
  /** Where the events are. */
  provider: ProviderOrPromise<any, Tx>;
  /**
   * The `upcast` of the aggregates of each stream that has one: this handler
   * knows no aggregates. One that a domain makes knows them itself.
   */
  upcast?: { [S in keyof Body]?: Upcasters<any, Body[S]> };
  /** The `personal` of the aggregates of each stream that has any, as well. */
  personal?: { [S in keyof Body]?: PersonalOptions<Body[S]> };
  /** Where their keys are kept. Default: in the provider's records. */
  keys?: SubjectKeys;
};

/**
 * Makes a handler of one or several streams, for a read model or a process
 * manager. `EventMap` says which events each stream has; the callbacks' types
 * follow from it. Nothing runs before `start()` or `runOnce()`.
 *
 * @example
 * ```ts
 * import { createHandler } from "evtstore";
 * import { createProvider } from "evtstore/provider/memory";
 *
 * type EventMap = {
 *   users: { type: "UserCreated"; name: string };
 *   games: { type: "GameStarted" } | { type: "GameWon"; by: string };
 * };
 *
 * const handler = createHandler<EventMap>({
 *   bookmark: "scores",
 *   streams: ["users", "games"],
 *   provider: createProvider(),
 * });
 * handler.handle("games", "GameWon", async (id, event) => {
 *   console.log(`${event.by} won game ${id}`);
 * });
 * handler.start();
 * await handler.stop();
 * ```
 *
 * @param options What it handles, and where it keeps its place. With
 * `transactional: true` each callback gets the transaction that the bookmark
 * moves in, as its fourth argument.
 * @returns The handler.
 * @throws {StoreError} `INVALID_INPUT` for no streams, or a name that cannot be
 * stored; `NOT_SUPPORTED` for `transactional`, or to park, on a provider that
 * cannot.
 */
export function createHandler<
  Body extends { [key: string]: Event },
  Tx = any,
>(
  options: CreateHandlerOptions<Body, Tx> & TransactionalOptions,
): StreamHandler<Body, Tx>;
/** Without `transactional`, the callbacks have no fourth argument. */
export function createHandler<
  Body extends { [key: string]: Event },
  Tx = any,
>(options: CreateHandlerOptions<Body, Tx>): StreamHandler<Body>;
export function createHandler<Body extends { [key: string]: Event }>(
  options: CreateHandlerOptions<Body>,
): StreamHandler<Body, any> {
  const { upcast, personal, keys: _, ...others } = options;
  const streams = options.streams.map(String);
  const described = streams.map((stream) => ({
    stream,
    upcast: upcast?.[stream],
    personal: personal?.[stream],
  }));
  const handler = makeHandler({
    ...others,
    streams,
    ...readingOf(described, options),
  });
  return streamHandler(handler);
}

/** The typed face of a handler of several streams. */
export function streamHandler<Body extends { [key: string]: Event }>(
  handler: AnyHandler,
): StreamHandler<Body, any> {
  return {
    ...controlsOf(handler),
    handle: (stream, type, callback) =>
      handler.subscribe(String(stream), type, callback),
    handleStream: (stream, callbacks) =>
      subscribeAll(handler, String(stream), callbacks),
    handleBatch: (callback, options) =>
      handler.subscribeBatch(callback, options),
  };
}

/** Registers the callbacks of one stream. */
export function subscribeAll<E extends Event>(
  handler: AnyHandler,
  stream: string,
  callbacks: HandlerBody<E, any>,
): void {
  const entries = Object.entries(callbacks) as [
    string,
    EventCallback<any, any> | undefined,
  ][];
  for (const [type, callback] of entries) {
    if (callback) handler.subscribe(stream, type, callback);
  }
}

/** What every handler can be told, apart from its loop's own class. */
export function controlsOf(handler: AnyHandler): HandlerControls {
  return {
    name: handler.name,
    start: handler.start,
    stop: handler.stop,
    runOnce: handler.runOnce,
    run: handler.run,
    reset: handler.reset,
    getPosition: handler.getPosition,
    setPosition: handler.setPosition,
    handled: handler.handled,
    parked: handler.parked,
    replay: handler.replay,
    discard: handler.discard,
    observe: handler.observe,
    status: handler.status,
    [Symbol.asyncDispose]: handler[Symbol.asyncDispose],
  };
}
