import type { Event } from "../core/event.ts";
import type { HandlerControls } from "../core/handler_options.ts";
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
  storedAfter,
  storeGiven,
} from "./events.ts";
import { print } from "./print.ts";
import { type CallOf, callsOf } from "./spy.ts";

/** The events of a stream, if the handler says which it has. */
export type EventsIn<Body, S> = S extends keyof Body
  ? Body[S] extends Event ? Body[S] : never
  : Event & Record<string, unknown>;

/** The streams of a handler, or any other. */
export type StreamName<Body> =
  | (keyof Body & string)
  | (string & Record<never, never>);

/**
 * A specification of a handler. It never changes: `given` makes another.
 * Awaited, it delivers the events and rejects with what a callback throws.
 */
export type HandlerSpec<Body> = PromiseLike<void> & {
  /**
   * What had happened in one aggregate, behind what was given already. The
   * handler gets its events in the order in which they were given.
   *
   * @param stream The stream of the aggregate.
   * @param aggregateId The aggregate.
   * @param events The events, with or without metadata.
   */
  given<S extends StreamName<Body>>(
    stream: S,
    aggregateId: string,
    events: GivenEvent<EventsIn<Body, S>>[],
  ): HandlerSpec<Body>;
  /**
   * The handler must make these calls of a {@linkcode spy}, in this order.
   *
   * @throws {AssertionError} If it makes others, or a callback throws.
   */
  thenCalls<T extends object>(
    double: T,
    calls: CallOf<NoInfer<T>>[],
  ): Promise<void>;
  /**
   * Commands of the handler must store these events in one aggregate, and no
   * others.
   *
   * @throws {AssertionError} If others are stored, or a callback throws.
   */
  thenEvents<S extends StreamName<Body>>(
    stream: S,
    aggregateId: string,
    events: ExpectedEvent<EventsIn<Body, S>>[],
  ): Promise<void>;
  /**
   * A callback must throw such an error.
   *
   * @throws {AssertionError} If it throws another, or none does.
   */
  thenError(error: ExpectedError): Promise<void>;
};

/** Makes the handler that is specified, over this provider. */
export type MakeHandler = (
  provider: MemoryProvider<any>,
) => HandlerControls | Promise<HandlerControls>;

type History = {
  stream: string;
  aggregateId: string;
  events: GivenEvent<any>[];
}[];

/** The specification of a handler with this history. */
export function handlerSpec(
  make: MakeHandler,
  history: History,
): HandlerSpec<any> {
  async function deliver() {
    const reported: unknown[] = [];
    const provider = createProvider({
      limit: Number.MAX_SAFE_INTEGER,
      onError: (error) => reported.push(error),
    });
    const handler = await make(provider);
    if (typeof handler?.runOnce !== "function") {
      throw new TypeError("Expected a function that returns a handler");
    }
    // One that begins at the end of its streams is to see what is given now.
    await handler.runOnce();
    for (const { stream, aggregateId, events } of history) {
      await storeGiven(provider, stream, aggregateId, events);
    }
    await handler.runOnce().catch((error: unknown) => reported.push(error));
    return { provider, name: handler.name, errors: reported };
  }

  async function deliverWell() {
    const { provider, name, errors } = await deliver();
    if (errors.length > 0) {
      throw new AssertionError(
        `A callback of handler "${name}" threw ${describeError(errors[0])}`,
        { actual: errors[0], expected: undefined, cause: errors[0] },
      );
    }
    return { provider, name };
  }

  const expectations = atCallSite({
    async thenCalls(double: object, expected: unknown[]) {
      const before = callsOf(double).length;
      const { name } = await deliverWell();
      expectSame(
        `Handler "${name}" made other calls than expected`,
        callsOf(double).slice(before),
        expected,
      );
    },

    async thenEvents(
      stream: string,
      aggregateId: string,
      expected: ExpectedEvent<any>[],
    ) {
      const { provider, name } = await deliverWell();
      const given = history
        .filter((one) =>
          one.stream === stream && one.aggregateId === aggregateId
        )
        .reduce((count, { events }) => count + events.length, 0);
      const stored = await storedAfter(provider, stream, aggregateId, given);
      expectSame(
        `Handler "${name}" stored other events in "${aggregateId}" of stream "${stream}" than expected`,
        inFormOf(expected, stored),
        asStored(expected),
      );
    },

    async thenError(expected: ExpectedError) {
      const { name, errors } = await deliver();
      if (errors.length === 0) {
        throw new AssertionError(
          `No callback of handler "${name}" threw, where an error was expected: ${
            print(expected)
          }`,
          { actual: undefined, expected },
        );
      }
      expectError(`Handler "${name}"`, errors[0], expected);
    },
  });

  return {
    given: (stream, aggregateId, events) =>
      handlerSpec(make, [...history, { stream, aggregateId, events }]),

    then: (onFulfilled, onRejected) =>
      deliverWell().then(() => {}).then(onFulfilled, onRejected),
    ...expectations,
  };
}
