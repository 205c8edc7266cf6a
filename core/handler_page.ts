import type { Clock } from "./clock.ts";
import { type Event, type StoreEvent, toMeta } from "./event.ts";
import { EventFailure, parkedFor } from "./event_failure.ts";
import { runInBatches } from "./handler_batches.ts";
import type { Batch } from "./handler_callbacks.ts";
import { handleInLanes } from "./handler_lanes.ts";
import type { EventCallback } from "./handler_options.ts";
import { type RetryContext, tryAgain } from "./handler_retry.ts";
import type { PageCursor } from "./page_cursor.ts";
import {
  type Checkpoint,
  PageProgress,
  type PageResult,
} from "./page_progress.ts";
import type { ParkedAggregates } from "./parked_aggregates.ts";
import { isSamePosition } from "./position.ts";
import type { Provider } from "./provider.ts";
import { causedBy } from "./metadata_context.ts";
import { inTransaction } from "./handler_transaction.ts";
import { observerOf } from "./work_observer.ts";

/** What a page of events is handled with. */
export type PageContext = RetryContext & {
  /** Where the bookmark is stored. */
  provider: Provider<any>;
  /** What errors call the handler. */
  bookmark: string;
  /** The handler's place in the log. */
  cursor: PageCursor;
  /** Measures checkpoints. */
  clock: Clock;
  /** Whether the bookmark moves in the transaction of the callbacks. */
  transactional: boolean;
  /** How many aggregates' events are handled at once. */
  concurrency: number;
  /** Which aggregates are parked; undefined where nothing can be. */
  parked: ParkedAggregates | undefined;
  /** When the bookmark is stored within a page. */
  checkpoint: Checkpoint;
  /** The callback of an event, if there is one. */
  callback(event: StoreEvent<Event>): EventCallback<any, any> | undefined;
  /** The callback for several events at once, if there is one. */
  batch(): Batch | undefined;
  /** Whether an earlier version of the handler has handled an event. */
  isReplay(event: StoreEvent<Event>): boolean;
  /** Told of each event that is done, whether there was a callback or not. */
  passed(event: StoreEvent<Event>): void;
};

/** What becomes of a page that is another's by now. */
function lost(): PageResult {
  return { seen: 0, handled: 0, moved: false };
}

/** Handles the events of a page in order. */
export class PageRunner {
  #context: PageContext;
  /** A failure whose event is to be tried alone; then it is told of, or again. */
  #untold: EventFailure | undefined;

  /** @param context What to handle them with. */
  constructor(context: PageContext) {
    this.#context = context;
  }

  /**
   * Handles a page, or as much of it as there was time for.
   *
   * @throws {EventFailure} If a callback throws and the handler pauses then;
   * what came before it is stored.
   */
  async run(events: StoreEvent<any>[]): Promise<PageResult> {
    const { transactional, callback, parked } = this.#context;
    const batch = this.#context.batch();
    // Without a callback there is nothing that the bookmark must commit with.
    const hasEffects = batch !== undefined ||
      events.some((stored) => callback(stored) !== undefined);
    if (!(transactional && hasEffects)) {
      if (await parked?.extend(events) === false) return lost();
    }
    if (batch) return await runInBatches(events, batch, this.#context);
    return transactional && hasEffects
      ? await this.#runInTransactions(events)
      : await this.#runPlain(events);
  }

  /** Tells of what there was no time to try again. */
  async end(): Promise<void> {
    if (this.#untold) await this.#context.report(this.#untold);
    this.#untold = undefined;
  }

  async #runPlain(events: StoreEvent<any>[]): Promise<PageResult> {
    const { cursor, clock, checkpoint, concurrency, parked } = this.#context;
    const progress = new PageProgress(events, cursor, clock, checkpoint);
    const enough = () => !progress.result.moved || this.#context.enough();
    const handle = async (stored: StoreEvent<any>, index: number) => {
      let handled: boolean | "lost" = false;
      if (!parked?.holds(stored)) {
        try {
          handled = await this.#handle(stored, undefined);
        } catch (error) {
          handled = await this.#tryOrGiveUp(error, events, index, progress);
        }
      }
      if (handled === "lost") return;
      if (!parked?.holds(stored)) this.#context.passed(stored);
      const storing = progress.done(index, handled);
      if (storing) await storing;
    };
    try {
      if (concurrency > 1) {
        const { report } = this.#context;
        await handleInLanes(events, concurrency, handle, enough, report);
      } else {
        for (let index = 0; index < events.length && !enough(); index++) {
          await handle(events[index]!, index);
        }
      }
    } catch (error) {
      await this.#storeBefore(progress);
      throw error;
    }
    await progress.store();
    return progress.result;
  }

  /** The events before a failure are done, whatever becomes of the failure. */
  async #storeBefore(progress: PageProgress): Promise<void> {
    try {
      await progress.store();
    } catch (error) {
      await this.#context.report(error);
    }
  }

  /** Whether there was a callback; "lost" if the event is another's to give up. */
  async #tryOrGiveUp(
    error: unknown,
    events: StoreEvent<any>[],
    index: number,
    progress: PageProgress,
  ): Promise<boolean | "lost"> {
    const { onFailure } = this.#context.policy;
    if (onFailure === "pause" || !(error instanceof EventFailure)) throw error;
    await this.#storeBefore(progress);
    const attempt = () => this.#handle(events[index]!, undefined);
    const tried = await tryAgain(error, attempt, this.#context);
    if ("result" in tried) return tried.result;
    const place = () => progress.placeAfter(index);
    if (await this.#giveUp(tried.failure, events, place)) return true;
    progress.result.moved = false;
    return "lost";
  }

  /**
   * Parks an event with those of its aggregate behind it, or skips it.
   *
   * @returns False if it was another's to do.
   */
  async #giveUp(
    failure: EventFailure,
    events: StoreEvent<any>[],
    place: () => any,
  ): Promise<boolean> {
    const { policy, parked, report, bookmark, callback } = this.#context;
    if (policy.onFailure === "skip") {
      failure.outcome = "skipped";
      await report(failure);
      return true;
    }
    const { stream, aggregateId } = failure.event;
    const { version } = events.findLast((one) =>
      one.stream === stream && one.aggregateId === aggregateId && callback(one)
    )!;
    if (!await parked!.park(failure, version, place)) return false;
    await report(parkedFor(failure, bookmark));
    return true;
  }

  /**
   * The whole page in one transaction. If a callback fails, those before it in
   * one of their own and then the failing one alone, so that one bad event
   * cannot hold back the good ones in front of it.
   */
  async #runInTransactions(events: StoreEvent<any>[]): Promise<PageResult> {
    const before = this.#untold;
    this.#untold = undefined;
    try {
      const result = await this.#transact(events);
      if (before) await this.#context.report(before);
      return result;
    } catch (error) {
      const failure = error instanceof EventFailure ? error : undefined;
      // The one that is untold has failed again, unless this is another event.
      const isTold = isSamePosition(
        failure?.event.position,
        before?.event.position,
      );
      if (before && !isTold) await this.#context.report(before);
      if (!failure) throw error;
      const failed = events.indexOf(failure.event);
      if (failed > 0) {
        this.#untold = failure;
        return await this.#transact(events.slice(0, failed));
      }
      if (this.#context.policy.onFailure === "pause") throw failure;
      return await this.#tryAlone(failure);
    }
  }

  /** What a failed try has written is rolled back before anything else. */
  async #tryAlone(first: EventFailure): Promise<PageResult> {
    const { cursor, passed, parked } = this.#context;
    const { event } = first;
    const attempt = () => this.#transact([event]);
    const tried = await tryAgain(first, attempt, this.#context);
    if ("result" in tried) return tried.result;
    const isGivenUp = await this.#giveUp(
      tried.failure,
      [event],
      () => event.position,
    );
    if (!isGivenUp) return lost();
    cursor.moveTo(event.position);
    const moved = await cursor.store();
    if (moved && !parked?.holds(event)) passed(event);
    return { seen: 1, handled: 1, moved };
  }

  #transact(events: StoreEvent<any>[]): Promise<PageResult> {
    const { clock, enough, parked } = this.#context;
    return inTransaction(this.#context, events, async (tx, budget) => {
      const result: PageResult = { seen: 0, handled: 0, moved: true };
      const startedAt = clock.monotonic();
      for (const stored of events) {
        const isParked = parked?.holds(stored) ?? false;
        if (!isParked && await this.#handle(stored, tx)) result.handled++;
        result.seen++;
        const late = clock.monotonic() - startedAt > budget;
        if (late || enough()) break;
      }
      return result;
    });
  }

  async #handle(stored: StoreEvent<any>, tx: unknown): Promise<boolean> {
    const callback = this.#context.callback(stored);
    if (!callback) return false;
    try {
      const { aggregateId, event } = stored;
      const meta = toMeta(stored, this.#context.isReplay(stored));
      const call = () => callback(aggregateId, event, meta, tx);
      const { provider, bookmark } = this.#context;
      const observer = observerOf(provider);
      await (observer
        ? observer.handle(
          { bookmark, events: [stored] },
          () => causedBy(stored, call),
        )
        : causedBy(stored, call));
    } catch (error) {
      throw new EventFailure(error, stored);
    }
    return true;
  }
}
