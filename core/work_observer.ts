import type { StoreEvent } from "./event.ts";
import type { Provider } from "./provider.ts";

/** A command that is about to be run. */
export type ObservedCommand = {
  /** The stream of its aggregate. */
  stream: string;
  /** Its aggregate. */
  aggregateId: string;
  /** The name of its command handler. */
  command: string;
};

/** Events that a callback is about to be called for. */
export type ObservedEvents = {
  /** The name of the handler's bookmark. */
  bookmark: string;
  /** One event, or all those of a batch; there is one at least. */
  events: readonly StoreEvent<any>[];
};

/**
 * Is called around the work that is done over a provider, and calls it: once,
 * with what it returns and throws passed on. `evtstore/opentelemetry` makes one.
 */
export type WorkObserver = {
  /** Runs a command: from its first read to its last append. */
  command<T>(about: ObservedCommand, work: () => Promise<T>): Promise<T>;
  /** Runs a callback of a handler; once more each time that it is tried again. */
  handle<T>(about: ObservedEvents, work: () => Promise<T> | T): Promise<T>;
};

/**
 * Where a provider has its observer. No member of the contract, which providers
 * implement; and the same one in every copy of the library.
 */
export const OBSERVER: unique symbol = Symbol.for("evtstore.WorkObserver");

/** Who observes what is done over a provider; undefined where nobody does. */
export function observerOf(
  provider: Provider<any> & { readonly [OBSERVER]?: WorkObserver },
): WorkObserver | undefined {
  return provider[OBSERVER];
}
