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

/** A callback for several events, and for how many. */
export type Batch = { size: number; callback: BatchCallback<any, any> };

/** How the callbacks see events. */
export type ReadOption = {
  /** An event as it is read; it throws for one that is not valid. */
  read?: (event: any, meta: EventMeta) => any;
};

/** What a handler calls: one callback a stream and type, or one for batches. */
export class HandlerCallbacks {
  #bookmark: string;
  #options: DomainHandlerOpts & ReadOption;
  #callbacks: Map<string, Map<string, EventCallback<any, any>>> = new Map();
  #batch: Batch | undefined;

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
  of(
    { stream, event }: StoreEvent<Event>,
  ): EventCallback<any, any> | undefined {
    return this.#callbacks.get(stream)?.get(event.type);
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
    const { read } = this.#options;
    this.#batch = {
      size,
      callback: read
        ? (events: BatchedEvent<any>[], tx) =>
          callback(
            events.map((one) => ({ ...one, event: read(one.event, one) })),
            tx,
          )
        : callback,
    };
  }

  #refused(what: string): StoreError {
    return new StoreError(
      "INVALID_INPUT",
      `Cannot handle batches beside ${what} in handler "${this.#bookmark}": choose one, or make two handlers`,
      { field: "handleBatch", bookmark: this.#bookmark },
    );
  }
}
