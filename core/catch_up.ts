import { MemoryBookmark } from "./bookmark.ts";
import { type CatchUpContext, CatchUpParts } from "./catch_up_parts.ts";
import type { Clock } from "./clock.ts";
import { StoreError } from "./errors.ts";
import type { StoreEvent } from "./event.ts";
import type { EventHandlerOptions } from "./event_handler_options.ts";
import { failurePolicyOf } from "./failure_policy.ts";
import type { HandlerCursor } from "./handler_cursor.ts";
import { handlerNameOf } from "./handler_slice.ts";
import { PageRunner } from "./handler_page.ts";
import { PageReader } from "./page_reader.ts";
import type { ParkedAggregates } from "./parked_aggregates.ts";
import type { Rebuild } from "./rebuild.ts";

/** How often in a row a bookmark may be moved by others within one run. */
const MAX_LOST = 5;

/** Handles everything that is new, page by page, from the handler's place. */
export class CatchUp {
  #options: EventHandlerOptions;
  #context: CatchUpContext;
  #parts: CatchUpParts;
  #forget: "reset" | "restart" | "takeOver" | undefined;

  /** @param options Of the handler. */
  constructor(
    options: EventHandlerOptions,
    clock: Clock,
    context: CatchUpContext,
  ) {
    this.#options = options;
    this.#context = context;
    this.#parts = new CatchUpParts(options, clock, context);
  }

  /** The last position that was handled or passed over here, if any was. */
  get position(): any {
    return this.#parts.cursor?.position;
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
    const cursor = await this.#parts.openCursor();
    const parked = await this.#parts.openParked(provider, cursor);
    const rebuild = this.#parts.openRebuild(provider);
    const isReplay = () => rebuild?.replays ?? false;
    const runner = new PageRunner(
      this.#parts.pageContext(provider, { cursor, enough, parked, isReplay }),
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
    return await (await this.#parts.openCursor()).beginning();
  }

  /** As {@linkcode beginning}, where no run is in the middle of a page. */
  async beginningAnew(): Promise<any> {
    const cursor = await this.#parts.openCursor();
    this.#forgetPlace(cursor);
    return await cursor.beginning();
  }

  /**
   * What is handled.
   *
   * @param here Whether this process does the handling, and knows best.
   */
  async place(here: boolean): Promise<any> {
    const cursor = await this.#parts.openCursor();
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
    const cursor = await this.#parts.openCursor();
    if (!await cursor.store()) throw this.#bookmarkMoved();
  }

  /** Stores the place if there is one and it is still this handler's. */
  async storeAtLast(): Promise<void> {
    try {
      await this.#parts.cursor?.store();
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
        const rebuild = this.#parts.openRebuild(provider);
        const firstLive = await rebuild?.firstLive(...of);
        const isReplay = ({ version }: StoreEvent<any>) =>
          firstLive !== undefined && version < firstLive;
        return new PageRunner({
          ...this.#parts.pageContext(provider, {
            ...{ cursor, enough, parked: undefined, isReplay },
          }),
          policy: failurePolicyOf({ onFailure: "pause" }),
          concurrency: 1,
        });
      });
    } finally {
      this.#parts.parked?.forget();
    }
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
