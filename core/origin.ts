import type { ProviderOrPromise } from "./provider.ts";

/** How what is tied to a provider is made again, over another one. */
export type Origin<T> = {
  /** The stream of its events. */
  stream: string;
  /** Makes the same over this provider. */
  over: (provider: ProviderOrPromise<any, any>) => T;
  /** Makes its aggregate, where it is more than that. */
  aggregate?: (provider: ProviderOrPromise<any, any>) => object;
};

// Not a module's own symbol: an application may have the library twice.
const key = Symbol.for("evtstore.origin");

/**
 * Notes how `value` was made, out of the way of those who look at it or copy
 * it. `evtstore/spec` makes a domain again over memory by that.
 */
export function withOrigin<T extends object>(
  value: T,
  origin: Origin<NoInfer<T>>,
): T {
  return Object.defineProperty(value, key, { value: origin });
}

/** How `value` was made, if this library made it. */
export function originOf<T extends object>(value: T): Origin<T> | undefined {
  return (value as { [key]?: Origin<T> })[key];
}
