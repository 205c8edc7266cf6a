import type { Clock } from "./clock.ts";
import { type Event, type StoreEvent, toMeta } from "./event.ts";
import { EventFailure } from "./event_failure.ts";
import { runInBatches } from "./handler_batches.ts";
import type { Batch } from "./handler_callbacks.ts";
import type { HandlerCursor } from "./handler_cursor.ts";
import { handleInLanes } from "./handler_lanes.ts";
import type { EventCallback } from "./handler_options.ts";
import {
  type Checkpoint,
  PageProgress,
  type PageResult,
} from "./page_progress.ts";
import { isSamePosition } from "./position.ts";
import type { Provider } from "./provider.ts";
import { causedBy } from "./metadata_context.ts";
import { inTransaction } from "./handler_transaction.ts";

/** What a page of events is handled with. */
export type PageContext = {
  /** Where the bookmark is stored. */
  provider: Provider<any>;
  /** The handler's place in the log. */
  cursor: HandlerCursor;
  /** Whether to begin no further event: the handler stops, or lost its lease. */
  enough(): boolean;
  /** Measures checkpoints. */
  clock: Clock;
  /** Whether the bookmark moves in the transaction of the callbacks. */
  transactional: boolean;
  /** How many aggregates' events are handled at once. */
  concurrency: number;
  /** Whether an event whose callback fails is reported and passed over. */
  continueOnError: boolean;
  /** When the bookmark is stored within a page. */
  checkpoint: Checkpoint;
  /** The callback of an event, if there is one. */
  callback(event: StoreEvent<Event>): EventCallback<any, any> | undefined;
  /** The callback for several events at once, if there is one. */
  batch(): Batch | undefined;
  /** Told of each event that is done, whether there was a callback or not. */
  passed(event: StoreEvent<Event>): void;
  /** Passes a failure on. */
  report(error: unknown): Promise<void>;
};

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
   * @throws {EventFailure} If a callback throws and `continueOnError` is not
   * set; what came before it is stored.
   */
  run(events: StoreEvent<any>[]): Promise<PageResult> {
    const { transactional, callback } = this.#context;
    const batch = this.#context.batch();
    if (batch) return runInBatches(events, batch, this.#context);
    // Without a callback there is nothing that the bookmark must commit with.
    const hasEffects = events.some((stored) => callback(stored) !== undefined);
    return transactional && hasEffects
      ? this.#runInTransactions(events)
      : this.#runPlain(events);
  }

  /** Tells of what there was no time to try again. */
  async end(): Promise<void> {
    if (this.#untold) await this.#context.report(this.#untold);
    this.#untold = undefined;
  }

  async #runPlain(events: StoreEvent<any>[]): Promise<PageResult> {
    const { cursor, clock, checkpoint, concurrency } = this.#context;
    const progress = new PageProgress(events, cursor, clock, checkpoint);
    const enough = () => !progress.result.moved || this.#context.enough();
    const handle = async (stored: StoreEvent<any>, index: number) => {
      const handled = await this.#handleOrReport(stored);
      this.#context.passed(stored);
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
      if (!this.#context.continueOnError) throw failure;
      return await this.#passOver(failure);
    }
  }

  async #passOver(failure: EventFailure): Promise<PageResult> {
    const { cursor, report, passed } = this.#context;
    await report(failure);
    cursor.moveTo(failure.event.position);
    const moved = await cursor.store();
    if (moved) passed(failure.event);
    return { seen: 1, handled: 1, moved };
  }

  async #transact(events: StoreEvent<any>[]): Promise<PageResult> {
    const { cursor, clock, enough, passed } = this.#context;
    const last = events.at(-1)!;
    const work = async (tx: unknown, budget: number) => {
      const result: PageResult = { seen: 0, handled: 0, moved: true };
      const startedAt = clock.monotonic();
      for (const stored of events) {
        if (await this.#handle(stored, tx)) result.handled++;
        result.seen++;
        const late = clock.monotonic() - startedAt > budget;
        if ((late || enough()) && stored !== last) {
          await cursor.storeIn(tx, stored.position, last.position);
          break;
        }
      }
      return result;
    };
    const result = await inTransaction(this.#context, last, work);
    if (result.moved && result.seen > 0) {
      const done = events.slice(0, result.seen);
      cursor.committed(done.at(-1)!.position);
      done.forEach((one) => passed(one));
    }
    return result;
  }

  async #handle(stored: StoreEvent<any>, tx: unknown): Promise<boolean> {
    const callback = this.#context.callback(stored);
    if (!callback) return false;
    try {
      const { aggregateId, event } = stored;
      await causedBy(
        stored,
        () => callback(aggregateId, event, toMeta(stored), tx),
      );
    } catch (error) {
      throw new EventFailure(error, stored);
    }
    return true;
  }

  async #handleOrReport(stored: StoreEvent<any>): Promise<boolean> {
    try {
      return await this.#handle(stored, undefined);
    } catch (error) {
      if (!this.#context.continueOnError || !(error instanceof EventFailure)) {
        throw error;
      }
      await this.#context.report(error);
      return true;
    }
  }
}
