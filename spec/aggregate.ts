import type { Aggregate, BaseAggregate } from "../core/aggregate.ts";
import type { CommandOptions } from "../core/command_options.ts";
import type { Event } from "../core/event.ts";
import type { KnownEvents } from "../core/upcast.ts";
import { Reservations } from "../core/reservations.ts";
import {
  createProvider,
  type MemoryProvider,
  type MemoryTransaction,
} from "../providers/memory.ts";
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

/** What must come of a command. Each of these runs it, on a log of its own. */
export type CommandSpec<E extends Event, A extends Aggregate> = {
  /**
   * These events must be stored, and no others; none for `[]`.
   *
   * @throws {AssertionError} If other events are, or the command is refused.
   */
  then(events: ExpectedEvent<E>[]): Promise<void>;
  /**
   * The command must be refused: with this code, an error of this class, a
   * message that matches, or these properties.
   *
   * @throws {AssertionError} If it is refused otherwise, or not at all.
   */
  thenError(error: ExpectedError): Promise<void>;
  /**
   * The aggregate that the command resolves to must have these properties;
   * those that are not named may be anything.
   *
   * @throws {AssertionError} If it has others, or the command is refused.
   */
  thenState(state: Partial<A & BaseAggregate>): Promise<void>;
};

/** The commands of `C`, without the aggregate's id. */
export type SpecifiedCommands<C, E extends Event, A extends Aggregate> = {
  [K in keyof C]: C[K] extends
    (id: string, body: infer Body, options?: any) => any
    ? Record<never, never> extends Body ? (
        body?: Body,
        options?: CommandOptions<MemoryTransaction>,
      ) => CommandSpec<E, A>
    : (
      body: Body,
      options?: CommandOptions<MemoryTransaction>,
    ) => CommandSpec<E, A>
    : never;
};

/** An aggregate beside the one that is specified. */
export type Beside = {
  /** The stream of the aggregate. */
  stream: string;
  /** Which aggregate. */
  aggregateId: string;
  /** What had happened to it. Default: nothing. */
  events?: GivenEvent<Event & { [property: string]: unknown }>[];
  /** The keys that belong to it. Default: none. */
  reserved?: string[];
};

/** A specification of an aggregate. It never changes: `given` makes another. */
export type AggregateSpec<
  E extends Event,
  A extends Aggregate,
  C,
  Old extends Event = any,
> = {
  /**
   * What had happened before, behind what was given already.
   *
   * @param events The events, with or without metadata; in any shape that the
   * upcasters of the aggregate know.
   */
  given(
    events: GivenEvent<E | KnownEvents<Old>>[],
  ): AggregateSpec<E, A, C, Old>;
  /**
   * What there is beside it: another aggregate, for a command that `requires`
   * one, and keys that are reserved, also those of the aggregate itself.
   *
   * @param other The aggregate, its events and its keys.
   */
  beside(other: Beside): AggregateSpec<E, A, C, Old>;
  /** The command to run, by its name. */
  readonly when: SpecifiedCommands<C, E, A>;
};

/** Commands that were made over a provider. */
type Made = Record<
  string,
  (id: string, body: any, options?: CommandOptions) => Promise<any>
>;

/** What a specification runs. */
export type Subject = {
  stream: string;
  aggregateId: string;
  names: string[];
  commandsOver(provider: MemoryProvider<any>): Made;
};

/** The specification of an aggregate with this history. */
export function aggregateSpec(
  subject: Subject,
  history: GivenEvent<any>[],
  others: Beside[] = [],
): AggregateSpec<any, any, any> {
  return {
    given: (events) => aggregateSpec(subject, [...history, ...events], others),
    beside: (other) => aggregateSpec(subject, history, [...others, other]),
    when: Object.fromEntries(
      subject.names.map((name) => [
        name,
        (body: any = {}, options?: CommandOptions) =>
          commandSpec(subject, { history, others }, name, body, options),
      ]),
    ),
  };
}

async function storeBeside(
  provider: MemoryProvider<any>,
  { stream, aggregateId, events = [], reserved = [] }: Beside,
): Promise<void> {
  await storeGiven(provider, stream, aggregateId, events);
  const owner = { stream, aggregateId };
  await provider.transact(async (tx) => {
    const reservations = new Reservations(provider.records, owner, tx);
    for (const key of reserved) await reservations.reserve(key);
  });
}

function commandSpec(
  subject: Subject,
  { history, others }: { history: GivenEvent<any>[]; others: Beside[] },
  name: string,
  body: object,
  options: CommandOptions | undefined,
): CommandSpec<any, any> {
  const { stream, aggregateId } = subject;

  async function run() {
    const provider = createProvider({ limit: Number.MAX_SAFE_INTEGER });
    await storeGiven(provider, stream, aggregateId, history);
    for (const other of others) await storeBeside(provider, other);
    const command = subject.commandsOver(provider)[name]!;
    const outcome = await command(aggregateId, body, options).then(
      (state) => ({ state, refusal: undefined }),
      (error: unknown) => ({ state: undefined, refusal: { error } }),
    );
    const given = history.length;
    const stored = await storedAfter(provider, stream, aggregateId, given);
    return { ...outcome, stored };
  }

  function refused(error: unknown, what: string, expected: unknown) {
    return new AssertionError(
      `${name} was refused, where ${what} was expected: ${
        describeError(error)
      }`,
      { actual: error, expected, cause: error },
    );
  }

  return atCallSite({
    async then(
      expected: ExpectedEvent<any>[],
      reject?: (error: unknown) => void,
    ) {
      // An `await` without an expectation calls it like this.
      if (reject) {
        return reject(
          new TypeError(
            `Nothing is expected of ${name}: end with then([…]), thenError(…) or thenState(…)`,
          ),
        );
      }
      const { refusal, stored } = await run();
      if (refusal) {
        const what = expected.length === 1
          ? "an event"
          : `${expected.length} events`;
        throw refused(refusal.error, what, expected);
      }
      expectSame(
        `${name} stored other events than expected`,
        inFormOf(expected, stored),
        asStored(expected),
      );
    },

    async thenError(expected: ExpectedError) {
      const { refusal, stored } = await run();
      if (!refusal) {
        const actual = inFormOf([], stored);
        throw new AssertionError(
          `${name} was not refused, where an error was expected; it stored\n\n${
            print(actual)
          }`,
          { actual, expected },
        );
      }
      expectError(name, refusal.error, expected);
    },

    async thenState(expected: object) {
      const { refusal, state } = await run();
      if (refusal) throw refused(refusal.error, "a state", expected);
      const named = Object.keys(expected).map((key) => [key, state[key]]);
      expectSame(
        `${name} led to another state than expected`,
        Object.fromEntries(named),
        expected,
      );
    },
  });
}
