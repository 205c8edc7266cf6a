import type { Aggregate } from "./aggregate.ts";
import { type Clock, systemClock } from "./clock.ts";
import type { Event } from "./event.ts";
import { ProcessManager } from "./process_manager.ts";
import type { Process } from "./process_controls.ts";
import type {
  ProcessEvents,
  ProcessOptions,
  ProcessSource,
} from "./process_options.ts";
import type { ProcessCommands } from "./process_reactions.ts";

/**
 * Makes a process manager: it reacts to events by sending commands, remembers
 * what it needs in events of its own, and can wait for a time.
 *
 * Whatever a reaction decides is stored first, in one append, and then done;
 * each step has an id that follows from the event. So after a crash at any
 * moment, and over any number of processes, each event is decided on once, each
 * command is stored once, and each timer fires once. A reaction itself may run
 * again if it was not stored.
 *
 * @example
 * ```ts
 * import { createAggregate, createCommands, createDomain, createProcess } from "evtstore";
 * import { createProvider } from "evtstore/provider/memory";
 * import assert from "node:assert/strict";
 *
 * const order = createAggregate({
 *   stream: "orders",
 *   create: () => ({ status: "new" }),
 *   fold: (event: { type: "Placed" } | { type: "Paid" } | { type: "Cancelled" }) => ({
 *     status: event.type,
 *   }),
 * });
 * const { domain } = createDomain({ provider: createProvider() }, { order });
 * const orders = createCommands(domain.order, {
 *   place: () => ({ type: "Placed" }),
 *   pay: () => ({ type: "Paid" }),
 *   cancel: () => ({ type: "Cancelled" }),
 * });
 *
 * const payment = createProcess({
 *   name: "payment",
 *   streams: [domain.order],
 *   commands: { orders },
 *   timers: ["unpaid"],
 * });
 * payment.startsOn("orders", (_event, orderId) => orderId, {
 *   Placed: (_event, { setTimer }) => setTimer("unpaid", { after: "24h" }),
 * });
 * payment.on("orders", (_event, orderId) => orderId, {
 *   Paid: (_event, { end }) => end(),
 * });
 * payment.onTimer("unpaid", (_timer, { id, send, end }) => [
 *   send.orders.cancel(id, {}),
 *   end(),
 * ]);
 *
 * await orders.place("o1", {});
 * await payment.runOnce(); // in a service: payment.start()
 * assert.deepEqual(Object.keys((await payment.get("o1"))!.timers), ["unpaid"]);
 * await orders.pay("o1", {});
 * await payment.runOnce();
 * assert.equal((await payment.get("o1"))!.ended, true);
 * ```
 *
 * @param options Its name, its memory, and what it may send.
 * @returns The process manager. It does nothing before `start()` or `runOnce()`.
 * @throws {StoreError} `INVALID_INPUT` for an option that cannot be used;
 * `NOT_SUPPORTED` on a provider without `records` or `findCommand`.
 */
export function createProcess<
  const S extends readonly [ProcessSource, ...ProcessSource[]],
  C extends ProcessCommands,
  E extends Event = never,
  // deno-lint-ignore ban-types -- the state of a process that has none.
  A extends Aggregate = {},
  const T extends string = never,
>(
  options: ProcessOptions<S, C, E, A, T>,
): Process<ProcessEvents<S>, C, E, A, T> {
  return createProcessAt(systemClock, options);
}

/** The same, by another clock. */
export function createProcessAt<
  const S extends readonly [ProcessSource, ...ProcessSource[]],
  C extends ProcessCommands,
  E extends Event = never,
  // deno-lint-ignore ban-types -- the state of a process that has none.
  A extends Aggregate = {},
  const T extends string = never,
>(
  clock: Clock,
  options: ProcessOptions<S, C, E, A, T>,
): Process<ProcessEvents<S>, C, E, A, T> {
  return new ProcessManager(clock, options).face() as any;
}
