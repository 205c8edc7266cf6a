import { type AsyncContext, createAsyncContext } from "./async_context.ts";
import { type HandlerBookmark, MemoryBookmark } from "./bookmark.ts";
import { type Clock, systemClock } from "./clock.ts";
import { defaultOnError } from "./default_on_error.ts";
import { StoreError } from "./errors.ts";
import type { Event, StoreEvent } from "./event.ts";
import {
  EventFailure,
  type PageContext,
  PageRunner,
  transactUnsupported,
} from "./handler_page.ts";
import { HandlerCursor } from "./handler_cursor.ts";
import {
  checkHandlerOptions,
  type DomainHandlerOpts,
  type EventCallback,
  type HandlerControls,
} from "./handler_options.ts";
import type { Provider, ProviderOrPromise } from "./provider.ts";
import { checkName } from "./validation.ts";

const POLL_MS = 1000;
const FIRST_RETRY_MS = 100;
const LAST_RETRY_MS = 10_000;
const PAGE_SIZE = 1000;
/** How often in a row a bookmark may be moved by others within one run. */
const MAX_LOST = 5;

/** What an {@linkcode EventHandler} is made of. */
export type EventHandlerOptions = DomainHandlerOpts & {
  /** Where its place is kept. */
  bookmark: HandlerBookmark;
  /** The streams it handles. */
  streams: string[];
  /** Where the events are. */
  provider: ProviderOrPromise<any>;
};

type Pass = { readonly stopping: AbortController; running: boolean };

/**
 * The loop behind every handler: read a page after the cursor, call back for
 * each event, move the cursor, store it. One pass runs at a time, whether the
 * loop or `runOnce` asked for it.
 */
export class EventHandler implements HandlerControls {
  /** The name of its bookmark. */
  readonly name: string;
  #options: EventHandlerOptions;
  #clock: Clock;
  #callbacks: Map<string, Map<string, EventCallback<any, any>>> = new Map();
  #cursor: HandlerCursor | undefined;
  #turn: Promise<unknown> = Promise.resolve();
  #pass: Pass | undefined;
  #inside: AsyncContext<Pass> = createAsyncContext();
  #loop: { stopping: AbortController; done: Promise<void> } | undefined;
  #lastLoop: Promise<void> = Promise.resolve();
  #forget: "reset" | "restart" | undefined;
  #signals = 0;
  #idle: AbortController | undefined;

  /**
   * @param options What to handle.
   * @param clock The time that its pauses are measured in.
   * @throws {StoreError} `INVALID_INPUT` or `NOT_SUPPORTED`, naming the option.
   */
  constructor(options: EventHandlerOptions, clock: Clock = systemClock) {
    checkOptions(options);
    const { bookmark } = options;
    this.name = typeof bookmark === "string" ? bookmark : bookmark.name;
    this.#options = options;
    this.#clock = clock;
  }

  /** Registers a callback; the last one of a stream and type counts. */
  subscribe(
    stream: string,
    type: string,
    callback: EventCallback<any, any>,
  ): void {
    let types = this.#callbacks.get(stream);
    if (!types) this.#callbacks.set(stream, types = new Map());
    types.set(type, callback);
  }

  start = (): void => {
    if (this.#loop) return;
    const stopping = new AbortController();
    const done = this.#lastLoop.then(() => this.#run(stopping.signal));
    this.#lastLoop = done.catch(() => {});
    this.#loop = { stopping, done };
  };

  stop = async (): Promise<void> => {
    const loop = this.#loop;
    this.#loop = undefined;
    loop?.stopping.abort();
    this.#pass?.stopping.abort();
    // Waiting here for the callback that this call stands in would be for ever.
    if (this.#isInside()) return;
    await loop?.done;
    await this.#turn;
  };

  [Symbol.asyncDispose] = (): Promise<void> => this.stop();

  runOnce = (): Promise<number> => {
    if (this.#isInside()) {
      return Promise.reject(
        new StoreError(
          "HANDLER_REENTERED",
          `Cannot run handler "${this.name}" from one of its own callbacks: it would wait for itself`,
          { bookmark: this.name },
        ),
      );
    }
    return this.#onePass().catch((error) => {
      throw error instanceof EventFailure ? error.reason : error;
    });
  };

  run = async (): Promise<void> => {
    if (!this.#loop) return;
    await this.#onePass().catch((error) => this.#report(error));
  };

  reset = (): void => {
    // The page in hand goes on; the next one begins at the stored bookmark.
    this.#forget = "reset";
  };

  getPosition = async (): Promise<any> => {
    const cursor = await this.#openCursor();
    if (!this.#pass) this.#forgetPlace(cursor);
    return await cursor.beginning();
  };

  setPosition = async (): Promise<void> => {
    const cursor = await this.#openCursor();
    if (!await cursor.store()) throw this.#bookmarkMoved();
  };

  async #run(stop: AbortSignal): Promise<void> {
    const provider = await this.#options.provider;
    const unwatch = provider.watch?.(() => this.#wake());
    this.#forget ??= "restart";
    let pause = FIRST_RETRY_MS;
    while (!stop.aborted) {
      const signals = this.#signals;
      const before = this.#cursor?.position;
      try {
        const seen = await this.#onePass(stop);
        pause = FIRST_RETRY_MS;
        if (seen === 0 && signals === this.#signals) {
          await this.#wait(this.#options.poll ?? POLL_MS, stop);
        }
      } catch (error) {
        if (this.#cursor?.position !== before) pause = FIRST_RETRY_MS;
        await this.#report(error);
        await this.#clock.sleep(pause, stop);
        pause = Math.min(pause * 2, LAST_RETRY_MS);
      }
    }
    unwatch?.();
    await this.#storeAtLast();
  }

  /** Waits for its turn, then handles everything that is new. */
  #onePass(stop?: AbortSignal): Promise<number> {
    const turn = this.#turn.then(async () => {
      if (stop?.aborted) return 0;
      const pass: Pass = { stopping: new AbortController(), running: true };
      this.#pass = pass;
      try {
        return await this.#inside.run(pass, () => this.#catchUp(pass));
      } finally {
        pass.running = false;
        this.#pass = undefined;
      }
    });
    this.#turn = turn.catch(() => {});
    return turn;
  }

  async #catchUp({ stopping: { signal } }: Pass): Promise<number> {
    const provider = await this.#options.provider;
    const cursor = await this.#openCursor();
    const { hooks } = this.#options;
    const page = new PageRunner(this.#pageContext(provider, cursor, signal));
    let total = 0;
    let lost = 0;
    while (!signal.aborted) {
      await hooks?.preRun?.();
      this.#forgetPlace(cursor);
      await cursor.open();
      const events = await provider.getEventsFrom(
        this.#options.streams,
        cursor.position,
        provider.limit || PAGE_SIZE,
      );
      const { seen, handled, moved } = await page.run(events);
      if (moved && seen === events.length && events.scannedTo !== undefined) {
        cursor.moveTo(events.scannedTo);
      }
      await hooks?.postRun?.(seen, handled);
      total += seen;
      if (events.length === 0) break;
      lost = moved ? 0 : lost + 1;
      if (lost === MAX_LOST) throw this.#bookmarkMoved();
      if (!moved) await cursor.follow();
    }
    return total;
  }

  #pageContext(
    provider: Provider<any>,
    cursor: HandlerCursor,
    stopping: AbortSignal,
  ): PageContext {
    return {
      provider,
      cursor,
      stopping,
      clock: this.#clock,
      transactional: this.#options.transactional ?? false,
      continueOnError: this.#options.continueOnError ?? false,
      checkpoint: this.#options.checkpoint ?? {},
      callback: ({ stream, event }) =>
        this.#callbacks.get(stream)?.get(event.type),
      report: (error, event) =>
        this.#report(event ? new EventFailure(error, event) : error),
    };
  }

  async #openCursor(): Promise<HandlerCursor> {
    const { provider, bookmark, streams, ...options } = this.#options;
    const store = await provider;
    return this.#cursor ??= new HandlerCursor(store, bookmark, streams, {
      tailStream: options.tailStream ?? false,
      alwaysTailStream: options.alwaysTailStream ?? false,
    });
  }

  #forgetPlace(cursor: HandlerCursor): void {
    if (this.#forget === "reset") cursor.reset();
    if (this.#forget === "restart") cursor.restart();
    this.#forget = undefined;
  }

  async #storeAtLast(): Promise<void> {
    try {
      await this.#cursor?.store();
    } catch (error) {
      await this.#report(error);
    }
  }

  #wake(): void {
    // Counted, so that one between reading a page and waiting is not lost.
    this.#signals++;
    this.#idle?.abort();
  }

  async #wait(ms: number, stop: AbortSignal): Promise<void> {
    const idle = this.#idle = new AbortController();
    const end = () => idle.abort();
    stop.addEventListener("abort", end, { once: true });
    if (stop.aborted) end();
    await this.#clock.sleep(ms, idle.signal);
    stop.removeEventListener("abort", end);
  }

  async #report(error: unknown): Promise<void> {
    const provider = await this.#options.provider;
    const failure = error instanceof EventFailure ? error : undefined;
    const event = failure && describe(failure.event);
    const stream = event?.stream ?? this.#options.streams.join(", ");
    const reason = failure?.reason ?? error;
    // An `onError` that fails must not end the handler, nor be silent.
    const failed = (error: unknown) =>
      defaultOnError(error, stream, this.name, event);
    try {
      const answer = provider.onError(reason, stream, this.name, event);
      Promise.resolve(answer).catch(failed);
    } catch (error) {
      failed(error);
    }
  }

  #isInside(): boolean {
    const pass = this.#inside.get();
    return pass !== undefined && pass === this.#pass && pass.running;
  }

  #bookmarkMoved(): StoreError {
    return new StoreError(
      "BOOKMARK_MOVED",
      `Cannot store bookmark "${this.name}": another handler of the same bookmark keeps moving it; give each handler its own, or stop one of them`,
      { bookmark: this.name },
    );
  }
}

function checkOptions(options: EventHandlerOptions): void {
  const { bookmark, streams, provider, transactional } = options;
  if (typeof bookmark === "string") checkName("bookmark", bookmark);
  if (streams.length === 0) {
    throw new StoreError(
      "INVALID_INPUT",
      "Cannot create a handler that is subscribed to no streams: name at least one",
      { field: "streams" },
    );
  }
  for (const stream of streams) checkName("streams", stream);
  checkHandlerOptions(options);
  if (!transactional) return;
  if (typeof bookmark !== "string" || bookmark === MemoryBookmark) {
    throw new StoreError(
      "INVALID_INPUT",
      "Cannot create a transactional handler without a bookmark in its provider: give the bookmark as a name",
      { field: "bookmark" },
    );
  }
  if (!("then" in provider) && !provider.transact) {
    throw transactUnsupported(provider);
  }
}

/** The stored event, which also has its type as `ErrorCallback` says. */
function describe(stored: StoreEvent<Event>): Event & StoreEvent<Event> {
  return { ...stored, type: stored.event.type };
}
