import { StoreError } from "./errors.ts";
import type { Event, EventMeta, StoreEvent } from "./event.ts";
import { failurePolicyOf } from "./failure_policy.ts";
import type {
  BatchCallback,
  BatchedEvent,
  BatchOptions,
  DomainHandlerOpts,
  EventCallback,
} from "./handler_options.ts";
import { checkPositive } from "./handler_options_check.ts";
import type { EventOpener } from "./sealer.ts";
import { metaOfPart, type TodaysEvents } from "./todays_events.ts";

/** A callback for several events, and for how many. */
export type Batch = { size: number; callback: BatchCallback<any, any> };

/** How the callbacks see events. */
export type ReadOption = {
  /** An event as it is read; it throws for one that is not valid. */
  read?: (event: any, meta: EventMeta) => any;
  /** What a stored event is today. */
  today?: TodaysEvents | undefined;
  /** Decrypts what is read. */
  sealer?: EventOpener | undefined;
};

/** What a handler calls: one callback a stream and type, or one for batches. */
export class HandlerCallbacks {
  #bookmark: string;
  #options: DomainHandlerOpts & ReadOption;
  #callbacks: Map<string, Map<string, EventCallback<any, any>>> = new Map();
  #batch: Batch | undefined;
  // A page asks several times for the callback of an event.
  #upcasted: WeakMap<StoreEvent<any>, readonly Event[] | undefined> =
    new WeakMap();

  /** @param bookmark What errors call the handler. */
  constructor(bookmark: string, options: DomainHandlerOpts & ReadOption) {
    this.#bookmark = bookmark;
    this.#options = options;
  }

  /** The callback for batches, if there is one. */
  get batch(): Batch | undefined {
    return this.#batch;
  }

  /** The callback of an event, if there is one. */
  of(stored: StoreEvent<Event>): EventCallback<any, any> | undefined {
    const types = this.#callbacks.get(stored.stream);
    const { today } = this.#options;
    return types && today
      ? callbackOf(stored, types, this.#onceToday(today))
      : types?.get(stored.event.type);
  }

  #onceToday(today: TodaysEvents): TodaysEvents {
    return (stored) => {
      if (!this.#upcasted.has(stored)) {
        this.#upcasted.set(stored, today(stored));
      }
      return this.#upcasted.get(stored);
    };
  }

  /** Registers a callback; the last one of a stream and type counts. */
  add(stream: string, type: string, callback: EventCallback<any, any>): void {
    if (this.#batch) throw this.#refused("callbacks for single events");
    let types = this.#callbacks.get(stream);
    if (!types) this.#callbacks.set(stream, types = new Map());
    const { read } = this.#options;
    types.set(
      type,
      read
        ? (id, event, meta, tx) => callback(id, read(event, meta), meta, tx)
        : callback,
    );
  }

  /** Registers the callback for batches; the last one counts. */
  setBatch(
    callback: BatchCallback<any, any>,
    { size = Infinity }: BatchOptions,
  ): void {
    const { continueOnError, concurrency = 1 } = this.#options;
    const { onFailure } = failurePolicyOf(this.#options);
    checkPositive("size", size);
    if (this.#callbacks.size > 0) {
      throw this.#refused("callbacks for single events");
    }
    if (continueOnError) throw this.#refused("continueOnError");
    // Who failed of a batch is known to nobody.
    if (onFailure !== "pause") {
      throw this.#refused(`onFailure: "${onFailure}"`);
    }
    if (concurrency > 1) throw this.#refused("concurrency");
    const { read, today } = this.#options;
    const ofToday = today
      ? (stored: BatchedEvent<any>[], tx: unknown) => {
        const events = stored.flatMap((one) => partsOf(one, today));
        return events.length > 0 ? reading(events, tx) : undefined;
      }
      : undefined;
    const reading = read
      ? (events: BatchedEvent<any>[], tx: unknown) =>
        callback(
          events.map((one) => ({ ...one, event: read(one.event, one) })),
          tx,
        )
      : callback;
    this.#batch = { size, callback: ofToday ?? reading };
  }

  #refused(what: string): StoreError {
    return new StoreError(
      "INVALID_INPUT",
      `Cannot handle batches beside ${what} in handler "${this.#bookmark}": choose one, or make two handlers`,
      { field: "handleBatch", bookmark: this.#bookmark },
    );
  }
}

/**
 * One callback for all that a stored event is today, so that it stays one step:
 * it is handled, fails, is tried again and is parked as a whole.
 */
function callbackOf(
  stored: StoreEvent<Event>,
  types: Map<string, EventCallback<any, any>>,
  today: TodaysEvents,
): EventCallback<any, any> | undefined {
  let parts: readonly Event[] | undefined;
  try {
    parts = today(stored);
  } catch (error) {
    // As a failure of the callback, which says what becomes of the event.
    return () => {
      throw error;
    };
  }
  if (!parts) return types.get(stored.event.type);
  if (!parts.some(({ type }) => types.has(type))) return undefined;
  return async (id, _event, meta, tx) => {
    for (const [part, event] of parts.entries()) {
      const callback = types.get(event.type);
      await callback?.(id, event, metaOfPart(meta, part, parts), tx);
    }
  };
}

function partsOf(
  one: BatchedEvent<any>,
  today: TodaysEvents,
): BatchedEvent<any>[] {
  const parts = today(one);
  if (!parts) return [one];
  return parts.map((event, part) => ({
    ...metaOfPart(one, part, parts),
    event,
  }));
}
