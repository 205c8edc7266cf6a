import { type Duration, toMs } from "../core/duration.ts";
import type { Event } from "../core/event.ts";
import { clockOf, type ProcessClock } from "../core/process_clock.ts";
import { REACTED, type Reacted } from "../core/process_history.ts";
import type { ProcessControls } from "../core/process_controls.ts";
import { createProvider, type MemoryProvider } from "../providers/memory.ts";
import {
  AssertionError,
  describeError,
  expectSame,
} from "./assertion_error.ts";
import { atCallSite } from "./call_site.ts";
import { type ExpectedError, expectError } from "./errors.ts";
import {
  asStored,
  type ExpectedEvent,
  type GivenEvent,
  inFormOf,
  storeGiven,
} from "./events.ts";
import { print } from "./print.ts";
import { type CallOf, callsOf } from "./spy.ts";

/** When a specification begins, for its timers. */
const BEGINNING = Date.UTC(2000, 0, 1);

/** Any event, as the specification of a process manager takes it. */
export type AnyEvent = Event & Record<string, unknown>;

/** A command that is sent: its group and name, the aggregate, and its body. */
export type SentCommand = [
  command: string,
  aggregateId: string,
  body: Record<string, unknown>,
];

/**
 * A specification of a process manager. It never changes: `given` and `after`
 * make another. The time is its own, and stands still but for `after`.
 */
export type ProcessSpec<A> = PromiseLike<void> & {
  /**
   * What happened next in one aggregate.
   *
   * @param stream The stream of the aggregate.
   * @param aggregateId The aggregate.
   * @param events The events, with or without metadata.
   */
  given(
    stream: string,
    aggregateId: string,
    events: GivenEvent<AnyEvent>[],
  ): ProcessSpec<A>;
  /**
   * So much time passed; timers that are due by then fire, the earliest first.
   *
   * @param duration How much, as `"24h"`.
   */
  after(duration: Duration): ProcessSpec<A>;
  /**
   * It must send these commands, in this order, and no others: all since the
   * beginning.
   *
   * @throws {AssertionError} If it sends others, or something throws.
   */
  thenSends(commands: SentCommand[]): Promise<void>;
  /**
   * Its reactions must make these calls of a {@linkcode spy}, in this order.
   *
   * @throws {AssertionError} If it makes others, or something throws.
   */
  thenCalls<T extends object>(
    double: T,
    calls: CallOf<NoInfer<T>>[],
  ): Promise<void>;
  /**
   * Commands must store these events in one aggregate, and no others.
   *
   * @throws {AssertionError} If others are stored, or something throws.
   */
  thenEvents(
    stream: string,
    aggregateId: string,
    events: ExpectedEvent<AnyEvent>[],
  ): Promise<void>;
  /**
   * One process must have these timers set, each due after so long from now,
   * and no others.
   *
   * @throws {AssertionError} If it has others, or something throws.
   */
  thenTimers(id: string, timers: Record<string, Duration>): Promise<void>;
  /**
   * The state of one process must have these properties; those that are not
   * named may be anything.
   *
   * @throws {AssertionError} If it has others, or something throws.
   */
  thenState(id: string, state: Partial<A>): Promise<void>;
  /**
   * One process must be over.
   *
   * @throws {AssertionError} If it is not, or something throws.
   */
  thenEnds(id: string): Promise<void>;
  /**
   * A reaction or a command must throw such an error.
   *
   * @throws {AssertionError} If another is thrown, or none.
   */
  thenError(error: ExpectedError): Promise<void>;
};

/** A process manager whose state has these properties. */
// deno-lint-ignore ban-types -- a state may have any properties, or none.
export type SpecifiedProcess<A> = ProcessControls<A & {}>;

/** Makes the process manager that is specified, over this provider. */
type MakeProcess = (
  provider: MemoryProvider<any>,
) => ProcessControls<any> | Promise<ProcessControls<any>>;

type Step =
  | { stream: string; aggregateId: string; events: GivenEvent<any>[] }
  | { ms: number };

/** What came of a specification. */
type Played = {
  provider: MemoryProvider<any>;
  process: ProcessControls<any>;
  now: number;
  /** The given events, by aggregate and version. */
  given: Set<string>;
};

/**
 * A specification of a process manager by example: given events, and after some
 * time, then it sends these commands. It runs the real one, with the commands
 * that it is made with, on a memory provider of its own, and its timers without
 * any waiting.
 *
 * @example
 * ```ts
 * import { createAggregate, createCommands, createDomain, createProcess } from "evtstore";
 * import type { ProcessControls, Provider } from "evtstore";
 * import { specProcess } from "evtstore/spec";
 *
 * const order = createAggregate({
 *   stream: "orders",
 *   create: () => ({}),
 *   fold: (_event: { type: "Placed" } | { type: "Cancelled" }) => ({}),
 * });
 * function createPayment(provider: Provider<any>): ProcessControls<object> {
 *   const { domain } = createDomain({ provider }, { order });
 *   const orders = createCommands(domain.order, {
 *     cancel: () => ({ type: "Cancelled" }),
 *   });
 *   const payment = createProcess({
 *     name: "payment",
 *     streams: [domain.order],
 *     commands: { orders },
 *     timers: ["unpaid"],
 *   });
 *   payment.startsOn("orders", (_event, id) => id, {
 *     Placed: (_event, { setTimer }) => setTimer("unpaid", { after: "24h" }),
 *   });
 *   payment.onTimer("unpaid", (_timer, { id, send, end }) => [
 *     send.orders.cancel(id, {}),
 *     end(),
 *   ]);
 *   return payment;
 * }
 *
 * const placed = specProcess(createPayment).given("orders", "o1", [{ type: "Placed" }]);
 * await placed.thenTimers("o1", { unpaid: "24h" });
 * await placed.after("23h").thenSends([]);
 * await placed.after("24h").thenSends([["orders.cancel", "o1", {}]]);
 * await placed.after("24h").thenEnds("o1");
 * ```
 *
 * @param make Makes the process manager over the provider that it is specified
 * on: then its commands can be made over the same one.
 * @returns The specification; `given` and `after` go on from it.
 */
export function specProcess<A>(
  make: (
    provider: MemoryProvider<any>,
  ) => SpecifiedProcess<A> | Promise<SpecifiedProcess<A>>,
): ProcessSpec<A> {
  return processSpec(make as MakeProcess, []);
}

/** The specification of a process manager with this history. */
function processSpec(
  make: MakeProcess,
  history: Step[],
): ProcessSpec<any> {
  const play = async () => {
    try {
      return await playAll(make, history);
    } catch (error) {
      throw new AssertionError(
        `A reaction or a command of the process manager threw ${
          describeError(error)
        }`,
        { actual: error, expected: undefined, cause: error },
      );
    }
  };

  const expectations = atCallSite({
    async thenCalls(double: object, expected: unknown[]) {
      const before = callsOf(double).length;
      const { process } = await play();
      expectSame(
        `Process manager "${process.name}" made other calls than expected`,
        callsOf(double).slice(before),
        expected,
      );
    },

    async thenSends(expected: SentCommand[]) {
      const { provider, process } = await play();
      const own = await provider.getEventsFrom(process.stream, 0);
      const sent = own.flatMap(({ event }) =>
        event.type === REACTED
          ? (event as unknown as Reacted).commands ?? []
          : []
      );
      expectSame(
        `Process manager "${process.name}" sent other commands than expected`,
        sent.map(({ name, aggregateId, body }) => [name, aggregateId, body]),
        expected.map((one) => JSON.parse(JSON.stringify(one))),
      );
    },

    async thenEvents(
      stream: string,
      aggregateId: string,
      expected: ExpectedEvent<any>[],
    ) {
      const { provider, process, given } = await play();
      const all = await provider.getEventsFor(stream, aggregateId);
      const stored = all.filter(({ version }) =>
        !given.has(keyOf(stream, aggregateId, version))
      );
      expectSame(
        `Process manager "${process.name}" stored other events in "${aggregateId}" of stream "${stream}" than expected`,
        inFormOf(expected, stored),
        asStored(expected),
      );
    },

    async thenTimers(id: string, timers: Record<string, Duration>) {
      const { process, now } = await play();
      const instance = await process.get(id);
      expectSame(
        `Process "${id}" of "${process.name}" has other timers than expected, in milliseconds from now`,
        sorted(
          Object.entries(instance?.timers ?? {}).map((
            [name, at],
          ) => [name, at.getTime() - now]),
        ),
        sorted(
          Object.entries(timers).map((
            [name, duration],
          ) => [name, toMs(name, duration)]),
        ),
      );
    },

    async thenState(id: string, expected: object) {
      const { process } = await play();
      const state = (await process.get(id))?.state;
      expectSame(
        `Process "${id}" of "${process.name}" has another state than expected`,
        state && Object.fromEntries(
          Object.keys(expected).map((key) => [key, state[key]]),
        ),
        expected,
      );
    },

    async thenEnds(id: string) {
      const { process } = await play();
      expectSame(
        `Process "${id}" of "${process.name}" is not over`,
        (await process.get(id))?.ended ?? false,
        true,
      );
    },

    async thenError(expected: ExpectedError) {
      let thrown: { error: unknown } | undefined;
      await playAll(make, history).catch((error) => thrown = { error });
      if (!thrown) {
        throw new AssertionError(
          `Nothing was thrown, where an error was expected: ${print(expected)}`,
          { actual: undefined, expected },
        );
      }
      expectError("The process manager", thrown.error, expected);
    },
  });

  return {
    given: (stream, aggregateId, events) =>
      processSpec(make, [...history, { stream, aggregateId, events }]),
    after: (duration) =>
      processSpec(make, [...history, { ms: toMs("after", duration) }]),
    then: (onFulfilled, onRejected) =>
      play().then(() => {}).then(onFulfilled, onRejected),
    ...expectations,
  };
}

async function playAll(make: MakeProcess, history: Step[]): Promise<Played> {
  const provider = createProvider({ limit: Number.MAX_SAFE_INTEGER });
  const process = await make(provider);
  const clock = typeof process === "object" && clockOf(process);
  if (!clock) {
    throw new TypeError(
      "Expected a function that returns what createProcess returned",
    );
  }
  const given = new Set<string>();
  let now = BEGINNING;
  clock.stopAt(now);
  // One that begins at the end of its streams is to see what is given now.
  await process.runOnce();
  for (const step of history) {
    if ("ms" in step) {
      await process.runOnce();
      await pass(process, clock, now += step.ms);
      continue;
    }
    const { stream, aggregateId, events } = step;
    const last = await provider.getLastEventFor(stream, aggregateId);
    await storeGiven(provider, stream, aggregateId, events);
    events.forEach((_, index) =>
      given.add(keyOf(stream, aggregateId, (last?.version ?? 0) + 1 + index))
    );
  }
  await process.runOnce();
  return { provider, process, now, given };
}

/** Lets time pass from one timer to the next: what it sets may be due, too. */
async function pass(
  process: ProcessControls<any>,
  clock: ProcessClock,
  until: number,
): Promise<void> {
  for (;;) {
    const { next } = (await process.status()).timers;
    if (!next || next.getTime() > until) break;
    clock.stopAt(Math.max(next.getTime(), clock.now()));
    await process.runOnce();
  }
  clock.stopAt(until);
}

function keyOf(stream: string, aggregateId: string, version: number): string {
  return JSON.stringify([stream, aggregateId, version]);
}

function sorted(entries: [string, number][]): Record<string, number> {
  return Object.fromEntries(
    entries.sort(([left], [right]) => left < right ? -1 : 1),
  );
}
