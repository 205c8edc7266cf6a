import { MemoryBookmark } from "./bookmark.ts";
import type { Clock } from "./clock.ts";
import { StoreError } from "./errors.ts";
import type { StoreEvent } from "./event.ts";
import type { EventHandlerOptions } from "./event_handler_options.ts";
import { failurePolicyOf } from "./failure_policy.ts";
import type { Batch } from "./handler_callbacks.ts";
import { HandlerCursor } from "./handler_cursor.ts";
import type { EventCallback } from "./handler_options.ts";
import { handlerNameOf } from "./handler_slice.ts";
import { refuseRetired } from "./handler_version.ts";
import { type PageContext, PageRunner } from "./handler_page.ts";
import type { HandlerParking } from "./handler_parking.ts";
import { PageReader } from "./page_reader.ts";
import { ParkedAggregates } from "./parked_aggregates.ts";
import type { Provider } from "./provider.ts";
import { Rebuild } from "./rebuild.ts";
import type { RebuildProgress } from "./rebuild_progress.ts";
import { keptInSlices } from "./sliced_bookmark.ts";
import { checkVersion, type NumberedHandler } from "./version_names.ts";
import { toLiveVersion } from "./version_record.ts";

/** How often in a row a bookmark may be moved by others within one run. */
const MAX_LOST = 5;

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

/** Handles everything that is new, page by page, from the handler's place. */
export class CatchUp {
  #options: EventHandlerOptions;
  #clock: Clock;
  #context: CatchUpContext;
  #cursor: HandlerCursor | undefined;
  #parked: ParkedAggregates | undefined;
  #rebuild: Rebuild | undefined;
  #forget: "reset" | "restart" | "takeOver" | undefined;

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

  /** The last position that was handled or passed over here, if any was. */
  get position(): any {
    return this.#cursor?.position;
  }

  /** The page in hand goes on; the next one begins elsewhere, or here again. */
  forget(how: "reset" | "restart" | "takeOver"): void {
    this.#forget = how;
  }

  /** The same, unless more than that was asked for already. */
  restart(): void {
    this.#forget ??= "restart";
  }

  /**
   * Handles what is new.
   *
   * @param enough Whether to begin no further event.
   * @returns How many events it saw.
   */
  async run(enough: () => boolean): Promise<number> {
    const provider = await this.#options.provider;
    const cursor = await this.#openCursor();
    const parked = await this.#openParked(provider, cursor);
    const rebuild = this.#openRebuild(provider);
    const isReplay = () => rebuild?.replays ?? false;
    const runner = new PageRunner(
      this.#pageContext(provider, { cursor, enough, parked, isReplay }),
    );
    const { streams, sealer } = this.#options;
    const reader = new PageReader(provider, streams, sealer);
    try {
      return await this.#run(cursor, parked, runner, reader, rebuild, enough);
    } catch (error) {
      // Something may have been written without an answer.
      parked?.forget();
      throw error;
    } finally {
      await runner.end();
      await reader.end();
      await rebuild?.end();
    }
  }

  async #run(
    cursor: HandlerCursor,
    parked: ParkedAggregates | undefined,
    runner: PageRunner,
    reader: PageReader,
    rebuild: Rebuild | undefined,
    enough: () => boolean,
  ): Promise<number> {
    const { progress } = this.#context;
    const { hooks, caughtUp } = this.#options;
    let total = 0;
    let lost = 0;
    while (!enough()) {
      await hooks?.preRun?.();
      if (this.#forgetPlace(cursor)) reader.forget();
      await cursor.open();
      // Behind the place: who moves the bookmark past an event parks it first.
      await parked?.load();
      if (rebuild) await rebuild.refresh(cursor);
      const page = await reader.read(cursor.position);
      reader.readAhead(page);
      const replays = rebuild?.replays ?? false;
      const events = replays
        ? await rebuild!.handledBefore(page, cursor)
        : page;
      if (!events || (replays && events.length === 0)) {
        reader.forget();
        await hooks?.postRun?.(0, 0);
        if (events) continue;
        break;
      }
      if (replays) progress.begin(events);
      const { seen, handled, moved } = await runner.run(events);
      if (replays) progress.passed(events, seen);
      if (!moved) reader.forget();
      else if (seen < page.length) reader.keepRest(page, seen);
      else if (events.scannedTo !== undefined) cursor.moveTo(events.scannedTo);
      await hooks?.postRun?.(seen, handled);
      total += seen;
      const isDone = moved && seen === events.length && reader.isEnd(events);
      if (caughtUp && isDone) await caughtUp(enough, seen);
      if (events.length === 0) break;
      lost = moved ? 0 : lost + 1;
      if (lost === MAX_LOST) throw this.#bookmarkMoved();
      if (!moved) await cursor.follow();
    }
    return total;
  }

  /** Where a run would begin. */
  async beginning(): Promise<any> {
    return await (await this.#openCursor()).beginning();
  }

  /** As {@linkcode beginning}, where no run is in the middle of a page. */
  async beginningAnew(): Promise<any> {
    const cursor = await this.#openCursor();
    this.#forgetPlace(cursor);
    return await cursor.beginning();
  }

  /**
   * What is handled.
   *
   * @param here Whether this process does the handling, and knows best.
   */
  async place(here: boolean): Promise<any> {
    const cursor = await this.#openCursor();
    if (this.#options.bookmark === MemoryBookmark) return cursor.beginning();
    const known = this.#forget === undefined && cursor.position !== undefined;
    return here && known ? cursor.position : await cursor.readStored();
  }

  /**
   * Stores the place.
   *
   * @throws {StoreError} `BOOKMARK_MOVED` if it is somebody else's by now.
   */
  async store(): Promise<void> {
    const cursor = await this.#openCursor();
    if (!await cursor.store()) throw this.#bookmarkMoved();
  }

  /** Stores the place if there is one and it is still this handler's. */
  async storeAtLast(): Promise<void> {
    try {
      await this.#cursor?.store();
    } catch (error) {
      await this.#context.report(error);
    }
  }

  /** Replays what is parked of an aggregate; returns how many were handled. */
  async replay(
    target: { stream?: string; aggregateId: string },
    enough: () => boolean,
  ): Promise<number> {
    const provider = await this.#options.provider;
    const { parking } = this.#context;
    try {
      return await parking.replay(target, enough, async (cursor, ...of) => {
        const firstLive = await this.#openRebuild(provider)?.firstLive(...of);
        const isReplay = ({ version }: StoreEvent<any>) =>
          firstLive !== undefined && version < firstLive;
        return new PageRunner({
          ...this.#pageContext(provider, {
            ...{ cursor, enough, parked: undefined, isReplay },
          }),
          policy: failurePolicyOf({ onFailure: "pause" }),
          concurrency: 1,
        });
      });
    } finally {
      this.#parked?.forget();
    }
  }

  #pageContext(
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

  /** Undefined for a handler without a number, and the first of those with one. */
  #openRebuild(provider: Provider<any>): Rebuild | undefined {
    const { numbered: handler, progress, report } = this.#context;
    if (handler.version === 1 || this.#rebuild) return this.#rebuild;
    checkVersion({ ...this.#options, bookmark: handler.name, provider });
    const { streams } = this.#options;
    return this.#rebuild = new Rebuild({
      ...{ provider, records: provider.records!, clock: this.#clock, report },
      ...{ handler, streams, progress },
    });
  }

  /** Also for a handler that does not park: what an earlier one parked waits. */
  async #openParked(
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

  async #openCursor(): Promise<HandlerCursor> {
    const { provider, bookmark, streams, ...options } = this.#options;
    const store = await provider;
    return this.#cursor ??= new HandlerCursor(store, bookmark, streams, {
      tailStream: options.tailStream ?? false,
      alwaysTailStream: options.alwaysTailStream ?? false,
    });
  }

  /** Whether there was anything to forget. */
  #forgetPlace(cursor: HandlerCursor): boolean {
    const forget = this.#forget;
    this.#forget = undefined;
    if (forget) cursor[forget]();
    return forget !== undefined;
  }

  #bookmarkMoved(): StoreError {
    const name = handlerNameOf(this.#options);
    return new StoreError(
      "BOOKMARK_MOVED",
      `Cannot store bookmark "${name}": another handler of the same bookmark keeps moving it; give each handler its own, or stop one of them`,
      { bookmark: name },
    );
  }
}
