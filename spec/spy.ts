/** A call of one of the methods of `T`: its name, then what it was called with. */
export type CallOf<T> = {
  [K in keyof T & string]: T[K] extends (...parameters: infer P) => any
    ? [name: K, ...parameters: P]
    : never;
}[keyof T & string];

const recorded = new WeakMap<object, unknown[][]>();

/**
 * Stands in for what a handler calls, such as the commands of an aggregate or
 * a mailer, and notes the calls. Its methods return undefined, or what
 * `answers` return.
 *
 * @example
 * ```ts
 * import { callsOf, spy } from "evtstore/spec";
 * import assert from "node:assert/strict";
 *
 * const mailer = spy<{ send(to: string, text: string): Promise<void> }>();
 * await mailer.send("ada", "Welcome");
 * assert.deepEqual(callsOf(mailer), [["send", "ada", "Welcome"]]);
 * ```
 *
 * @param answers The methods that do more than being called.
 * @returns An object with every method of `T`.
 */
export function spy<T extends object>(answers: Partial<T> = {}): T {
  const calls: unknown[][] = [];
  const double = new Proxy(answers, {
    get(target, name) {
      // Whoever awaits a spy asks for `then`, and would wait for ever.
      if (typeof name === "symbol" || name === "then") {
        return Reflect.get(target, name);
      }
      return (...parameters: unknown[]) => {
        calls.push([name, ...parameters]);
        const answer = Reflect.get(target, name);
        return typeof answer === "function"
          ? answer.apply(target, parameters)
          : undefined;
      };
    },
  });
  recorded.set(double, calls);
  return double as T;
}

/**
 * The calls that a spy has noted, in their order.
 *
 * @param double What {@linkcode spy} returned.
 * @throws {TypeError} For anything else.
 */
export function callsOf<T extends object>(double: T): CallOf<T>[] {
  const calls = recorded.get(double);
  if (!calls) {
    throw new TypeError("Expected a spy: make it with spy() of evtstore/spec");
  }
  return [...calls] as CallOf<T>[];
}
