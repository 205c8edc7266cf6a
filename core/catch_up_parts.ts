import type { Clock } from "./clock.ts";
import type { StoreEvent } from "./event.ts";
import type { EventHandlerOptions } from "./event_handler_options.ts";
import { failurePolicyOf } from "./failure_policy.ts";
import type { Batch } from "./handler_callbacks.ts";
import { HandlerCursor } from "./handler_cursor.ts";
import type { EventCallback } from "./handler_options.ts";
import { handlerNameOf } from "./handler_slice.ts";
import { refuseRetired } from "./handler_version.ts";
import type { PageContext } from "./handler_page.ts";
import type { HandlerParking } from "./handler_parking.ts";
import { ParkedAggregates } from "./parked_aggregates.ts";
import type { Provider } from "./provider.ts";
import { Rebuild } from "./rebuild.ts";
import type { RebuildProgress } from "./rebuild_progress.ts";
import { keptInSlices } from "./sliced_bookmark.ts";
import { checkVersion, type NumberedHandler } from "./version_names.ts";
import { toLiveVersion } from "./version_record.ts";

/** What catching up tells the handler, and asks of it. */
export type CatchUpContext = {
  /** The callback of an event, if there is one. */
  callback(event: StoreEvent<any>): EventCallback<any, any> | undefined;
  /** The callback for several events at once, if there is one. */
  batch(): Batch | undefined;
  /** Told of each event that is done, whether there was a callback or not. */
  passed(event: StoreEvent<any>): void;
  /** Passes a failure on. */
  report(error: unknown): Promise<void>;
  /** Waits before an event is tried again, unless the handler stops. */
  pause(ms: number): Promise<void>;
  /** What of this handler is parked. */
  parking: HandlerParking;
  /** Which version of the handler this is. */
  numbered: NumberedHandler;
  /** How far a rebuild has come. */
  progress: RebuildProgress;
};

/** What catching up works with; each is made when it is first needed. */
export class CatchUpParts {
  #options: EventHandlerOptions;
  #clock: Clock;
  #context: CatchUpContext;
  #cursor: HandlerCursor | undefined;
  #parked: ParkedAggregates | undefined;
  #rebuild: Rebuild | undefined;

  /** @param options Of the handler. */
  constructor(
    options: EventHandlerOptions,
    clock: Clock,
    context: CatchUpContext,
  ) {
    this.#options = options;
    this.#clock = clock;
    this.#context = context;
  }

  /** The handler's place, if it was opened. */
  get cursor(): HandlerCursor | undefined {
    return this.#cursor;
  }

  /** Which aggregates are parked, if that was opened. */
  get parked(): ParkedAggregates | undefined {
    return this.#parked;
  }

  /** The handler's place in the log. */
  async openCursor(): Promise<HandlerCursor> {
    const { provider, bookmark, streams, ...options } = this.#options;
    const store = await provider;
    return this.#cursor ??= new HandlerCursor(store, bookmark, streams, {
      tailStream: options.tailStream ?? false,
      alwaysTailStream: options.alwaysTailStream ?? false,
    });
  }

  /**
   * Which aggregates are parked; undefined where nothing can be. Also for a
   * handler that does not park: what an earlier one parked waits.
   */
  async openParked(
    provider: Provider<any>,
    cursor: HandlerCursor,
  ): Promise<ParkedAggregates | undefined> {
    const { parking, callback, batch, numbered } = this.#context;
    const store = await parking.storeIfAny();
    if (!store) return undefined;
    return this.#parked ??= new ParkedAggregates({
      store,
      cursor,
      provider,
      clock: this.#clock,
      hasCallback: (event) =>
        batch() !== undefined || callback(event) !== undefined,
      listed: ({ liveVersion, isSliced }) => {
        refuseRetired(numbered, toLiveVersion(liveVersion));
        if (isSliced && !this.#options.slice) throw keptInSlices(numbered.name);
      },
    });
  }

  /** Undefined for a handler without a number, and the first of those with one. */
  openRebuild(provider: Provider<any>): Rebuild | undefined {
    const { numbered: handler, progress, report } = this.#context;
    if (handler.version === 1 || this.#rebuild) return this.#rebuild;
    checkVersion({ ...this.#options, bookmark: handler.name, provider });
    const { streams } = this.#options;
    return this.#rebuild = new Rebuild({
      ...{ provider, records: provider.records!, clock: this.#clock, report },
      ...{ handler, streams, progress },
    });
  }

  /** What a page of events is handled with. */
  pageContext(
    provider: Provider<any>,
    own: Pick<PageContext, "cursor" | "enough" | "parked" | "isReplay">,
  ): PageContext {
    const options = this.#options;
    return {
      provider,
      bookmark: handlerNameOf(options),
      clock: this.#clock,
      transactional: options.transactional ?? false,
      concurrency: options.concurrency ?? 1,
      policy: failurePolicyOf(options),
      checkpoint: options.checkpoint ?? {},
      ...this.#context,
      ...own,
    };
  }
}
