import type { Duration } from "../core/duration.ts";
import type { Event } from "../core/event.ts";
import type { ExpectedError } from "./errors.ts";
import type { ExpectedEvent, GivenEvent } from "./events.ts";
import type { CallOf } from "./spy.ts";

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
