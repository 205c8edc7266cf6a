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
import type { Provider } from "./provider.ts";
import { transactOf } from "./transact_of.ts";

/** How long the events of one transaction may take, in milliseconds. */
const TRANSACTION_MS = 50;

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
    const inTransaction = transactional &&
      events.some((stored) => callback(stored) !== undefined);
    return inTransaction
      ? this.#runInTransactions(events)
      : this.#runPlain(events);
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
        await handleInLanes(events, concurrency, handle, enough);
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
    try {
      return await this.#transact(events);
    } catch (error) {
      if (!(error instanceof EventFailure)) throw error;
      const failed = events.indexOf(error.event);
      if (failed > 0) return await this.#transact(events.slice(0, failed));
      if (!this.#context.continueOnError) throw error;
      await this.#context.report(error);
      this.#context.cursor.moveTo(error.event.position);
      const moved = await this.#context.cursor.store();
      if (moved) this.#context.passed(error.event);
      return { seen: 1, handled: 1, moved };
    }
  }

  async #transact(events: StoreEvent<any>[]): Promise<PageResult> {
    const { provider, cursor, clock, enough } = this.#context;
    const transact = transactOf(provider);
    const last = events.at(-1)!;
    const result = await transact(async (tx) => {
      const result: PageResult = { seen: 0, handled: 0, moved: false };
      // The bookmark first: who has lost it learns so before any side effect.
      result.moved = await cursor.storeIn(tx, last.position);
      if (!result.moved) return result;
      const startedAt = clock.monotonic();
      for (const stored of events) {
        if (await this.#handle(stored, tx)) result.handled++;
        result.seen++;
        const late = clock.monotonic() - startedAt > TRANSACTION_MS;
        if ((late || enough()) && stored !== last) {
          await cursor.storeIn(tx, stored.position, last.position);
          break;
        }
      }
      return result;
    });
    if (result.moved) {
      const done = events.slice(0, result.seen);
      cursor.committed(done.at(-1)!.position);
      done.forEach(this.#context.passed);
    }
    return result;
  }

  async #handle(stored: StoreEvent<any>, tx: unknown): Promise<boolean> {
    const callback = this.#context.callback(stored);
    if (!callback) return false;
    try {
      await callback(stored.aggregateId, stored.event, toMeta(stored), tx);
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
