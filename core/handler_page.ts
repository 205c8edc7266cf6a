import type { Clock } from "./clock.ts";
import { StoreError } from "./errors.ts";
import { type Event, type StoreEvent, toMeta } from "./event.ts";
import type { HandlerCursor } from "./handler_cursor.ts";
import type { EventCallback } from "./handler_options.ts";
import type { Provider } from "./provider.ts";

/** How long the events of one transaction may take, in milliseconds. */
const TRANSACTION_MS = 50;
const CHECKPOINT_MS = 1000;

/** What a callback threw, with the event that it was given. */
export class EventFailure extends Error {
  override name = "EventFailure";
  /** What the callback threw. */
  reason: unknown;
  /** The event that it was given. */
  event: StoreEvent<any>;

  /** @param reason What the callback threw. */
  constructor(reason: unknown, event: StoreEvent<any>) {
    super("The callback of an event failed", { cause: reason });
    this.reason = reason;
    this.event = event;
  }
}

/** What a page of events is handled with. */
export type PageContext = {
  /** Where the bookmark is stored. */
  provider: Provider<any>;
  /** The handler's place in the log. */
  cursor: HandlerCursor;
  /** Aborts when the handler is to stop after the event in hand. */
  stopping: AbortSignal;
  /** Measures checkpoints. */
  clock: Clock;
  /** Whether the bookmark moves in the transaction of the callbacks. */
  transactional: boolean;
  /** Whether an event whose callback fails is reported and passed over. */
  continueOnError: boolean;
  /** When the bookmark is stored within a page. */
  checkpoint: { events?: number; ms?: number };
  /** The callback of an event, if there is one. */
  callback(event: StoreEvent<Event>): EventCallback<any, any> | undefined;
  /** Passes a failure on. */
  report(error: unknown, event?: StoreEvent<any>): Promise<void>;
};

/** What became of a page. */
export type PageResult = {
  /** How many of its events the cursor has passed. */
  seen: number;
  /** How many of those there was a callback for. */
  handled: number;
  /** False if somebody else moved the bookmark, and this page is theirs. */
  moved: boolean;
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
    // Without a callback there is nothing that the bookmark must commit with.
    const inTransaction = transactional &&
      events.some((stored) => callback(stored) !== undefined);
    return inTransaction
      ? this.#runInTransactions(events)
      : this.#runPlain(events);
  }

  async #runPlain(events: StoreEvent<any>[]): Promise<PageResult> {
    const { cursor, stopping, clock, checkpoint } = this.#context;
    const maxEvents = checkpoint.events ?? Infinity;
    const maxMs = checkpoint.ms ?? CHECKPOINT_MS;
    const result: PageResult = { seen: 0, handled: 0, moved: true };
    let unstored = 0;
    let storedAt = clock.monotonic();
    try {
      for (const stored of events) {
        if (stopping.aborted) break;
        if (await this.#handleOrReport(stored)) result.handled++;
        cursor.moveTo(stored.position);
        result.seen++;
        unstored++;
        if (unstored < maxEvents && clock.monotonic() - storedAt < maxMs) {
          continue;
        }
        result.moved = await cursor.store();
        if (!result.moved) return result;
        unstored = 0;
        storedAt = clock.monotonic();
      }
    } catch (error) {
      await this.#storeBefore();
      throw error;
    }
    if (unstored > 0) result.moved = await cursor.store();
    return result;
  }

  /** The events before a failure are done, whatever becomes of the failure. */
  async #storeBefore(): Promise<void> {
    try {
      await this.#context.cursor.store();
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
      await this.#context.report(error.reason, error.event);
      this.#context.cursor.moveTo(error.event.position);
      return { seen: 1, handled: 1, moved: await this.#context.cursor.store() };
    }
  }

  async #transact(events: StoreEvent<any>[]): Promise<PageResult> {
    const { provider, cursor, clock, stopping } = this.#context;
    if (!provider.transact) throw transactUnsupported(provider);
    const last = events.at(-1)!;
    return await provider.transact(async (tx) => {
      const result: PageResult = { seen: 0, handled: 0, moved: false };
      // The bookmark first: who has lost it learns so before any side effect.
      result.moved = await cursor.storeIn(tx, last.position);
      if (!result.moved) return result;
      const startedAt = clock.monotonic();
      for (const stored of events) {
        if (await this.#handle(stored, tx)) result.handled++;
        result.seen++;
        const enough = stopping.aborted ||
          clock.monotonic() - startedAt > TRANSACTION_MS;
        if (enough && stored !== last) {
          await cursor.storeIn(tx, stored.position, last.position);
          break;
        }
      }
      return result;
    }).then((result) => {
      if (result.moved) cursor.committed(events[result.seen - 1]!.position);
      return result;
    });
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
      await this.#context.report(error.reason, error.event);
      return true;
    }
  }
}

/** The error of a transactional handler whose provider has no transactions. */
export function transactUnsupported(provider: Provider<any>): StoreError {
  return new StoreError(
    "NOT_SUPPORTED",
    `Cannot run a transactional handler: the ${provider.driver} provider has no transactions; make the callbacks safe to repeat instead`,
    { field: "transactional" },
  );
}
