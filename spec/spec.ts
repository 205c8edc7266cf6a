import type {
  Aggregate,
  BaseAggregate,
  ProvidedAggregate,
  StorableAggregate,
} from "../core/aggregate.ts";
import type { CommandOptions, RetryOptions } from "../core/command_options.ts";
import {
  commandNames,
  type CommandSchemaOptions,
  createCommands,
  type InferredCommands,
  type InferredHandlers,
  type NoCommandSchema,
  type SchemaCommands,
  type SchemaHandlers,
} from "../core/commands.ts";
import type { HandlerFactory } from "../core/domain_v1.ts";
import { createDomainV2 } from "../core/domain_v2.ts";
import type { Event } from "../core/event.ts";
import type { Handler, StreamHandler } from "../core/handler_options.ts";
import { originOf } from "../core/origin.ts";
import { withoutPersonal } from "../core/personal.ts";
import type { Schemas } from "../core/schema.ts";
import type { ProviderOrPromise } from "../core/provider.ts";
import type { MemoryProvider } from "../providers/memory.ts";
import {
  type AggregateSpec,
  aggregateSpec,
  type Subject,
} from "./aggregate.ts";
import { type HandlerSpec, handlerSpec } from "./handler.ts";

/** Options of {@linkcode spec}. */
export type SpecOptions = {
  /** The id of the aggregate. Default: "aggregate". */
  aggregateId?: string;
};

/** Commands as `createCommands` returns them. */
export type MadeCommands<A extends Aggregate> = {
  [name: string]: (
    id: string,
    body: any,
    options?: CommandOptions<any>,
  ) => Promise<A & BaseAggregate>;
};

/** One aggregate and its commands, as `createDomain` of one aggregate returns it. */
export type MadeDomain<E extends Event, A extends Aggregate, C> = {
  /** Makes handlers of the stream. */
  handler: HandlerFactory<E, any>;
  /** The commands. */
  command: C;
  /** Loads an aggregate. */
  getAggregate(id: string): Promise<{ aggregate: Readonly<A & BaseAggregate> }>;
};

/** An aggregate, tied to a provider or not. */
export type AnyAggregate<
  E extends Event,
  A extends Aggregate,
  Old extends Event = any,
> =
  | StorableAggregate<E, A, string, Old>
  | ProvidedAggregate<E, A, string, any, Old>;

/**
 * A specification by example: given what had happened, when a command is
 * called, then these events are stored. It runs the real commands, or the real
 * handler, on a memory provider of its own; no database is asked, whichever
 * the domain was made over. It needs no test runner: what does not hold rejects
 * with an {@linkcode AssertionError}.
 *
 * @example
 * ```ts
 * import { CommandError, createAggregate } from "evtstore";
 * import { spec } from "evtstore/spec";
 *
 * type AccountEvent =
 *   | { type: "Deposited"; cents: number }
 *   | { type: "Withdrawn"; cents: number };
 *
 * const account = createAggregate({
 *   stream: "accounts",
 *   create: () => ({ cents: 0 }),
 *   fold: (event: AccountEvent, { cents }) => ({
 *     cents: event.type === "Deposited" ? cents + event.cents : cents - event.cents,
 *   }),
 * });
 * const commands = {
 *   withdraw({ cents }: { cents: number }, account: { cents: number }): AccountEvent {
 *     if (cents > account.cents) throw new CommandError("Too much", "OVERDRAFT");
 *     return { type: "Withdrawn", cents };
 *   },
 * };
 *
 * const rich = spec(account, commands).given([{ type: "Deposited", cents: 500 }]);
 * await rich.when.withdraw({ cents: 120 }).then([{ type: "Withdrawn", cents: 120 }]);
 * await rich.when.withdraw({ cents: 120 }).thenState({ cents: 380 });
 * await rich.when.withdraw({ cents: 501 }).thenError("OVERDRAFT");
 * ```
 *
 * @param aggregate The aggregate: as `createAggregate` describes it, or one of
 * a domain.
 * @param commands Its commands: what `createCommands` returned, or the command
 * handlers that it is given.
 * @param options The id of the aggregate.
 * @returns The specification; `given` and `when` go on from it.
 * @throws {TypeError} For what this library did not make.
 */
export function spec<
  E extends Event,
  A extends Aggregate,
  C extends MadeCommands<A>,
  Old extends Event = any,
>(
  aggregate: AnyAggregate<E, A, Old>,
  commands: C,
  options?: SpecOptions,
): AggregateSpec<E, A, C, Old>;
/** With command handlers that are not yet made into commands. */
export function spec<
  E extends Event,
  A extends Aggregate,
  H extends InferredHandlers<E, A>,
  Old extends Event = any,
>(
  aggregate: AnyAggregate<E, A, Old>,
  handlers: H & InferredHandlers<NoInfer<E>, A>,
  options?: SpecOptions & RetryOptions & NoCommandSchema,
): AggregateSpec<E, A, InferredCommands<H, A>, Old>;
/** With command handlers, and schemas of the commands. */
export function spec<
  E extends Event,
  A extends Aggregate,
  C extends Schemas,
  H extends SchemaHandlers<E, A, C>,
  Old extends Event = any,
>(
  aggregate: AnyAggregate<E, A, Old>,
  handlers: H & SchemaHandlers<NoInfer<E>, A, NoInfer<C>>,
  options: SpecOptions & RetryOptions & CommandSchemaOptions<C>,
): AggregateSpec<E, A, SchemaCommands<C, A>, Old>;
/** A domain of one aggregate, which knows its commands. */
export function spec<E extends Event, A extends Aggregate, C>(
  domain: MadeDomain<E, A, C>,
  options?: SpecOptions,
): AggregateSpec<E, A, C>;
/**
 * A handler of several streams, made over the provider that it is specified
 * on: then its commands can be made over the same one.
 */
export function spec<Body extends { [stream: string]: Event }>(
  make: (
    provider: MemoryProvider<any>,
  ) => StreamHandler<Body, any> | Promise<StreamHandler<Body, any>>,
): HandlerSpec<Body>;
/** A handler of one stream. */
export function spec<E extends Event>(
  make: (
    provider: MemoryProvider<any>,
  ) => Handler<E, any> | Promise<Handler<E, any>>,
): HandlerSpec<{ [stream: string]: E }>;
export function spec(
  subject: any,
  commands: any = {},
  options: SpecOptions & RetryOptions = {},
): unknown {
  if (typeof subject === "function") return handlerSpec(subject, []);
  if (typeof subject?.command === "object") {
    return aggregateSpec(ofDomain(subject, commands), []);
  }
  return aggregateSpec(ofAggregate(subject, commands, options), []);
}

function ofDomain(
  domain: MadeDomain<any, any, any>,
  { aggregateId = "aggregate" }: SpecOptions,
): Subject {
  const { stream, over } = originOf(domain) ??
    unknown("a domain that createDomain returned");
  return {
    stream,
    aggregateId,
    names: Object.keys(domain.command),
    commandsOver: (provider) => over(provider).command,
  };
}

function ofAggregate(
  aggregate: AnyAggregate<any, any>,
  commands: any,
  { aggregateId = "aggregate", ...options }: SpecOptions & RetryOptions,
): Subject {
  const made = originOf<MadeCommands<any>>(commands);
  const aggregateOver = provide(aggregate);
  return {
    stream: aggregate.stream,
    aggregateId,
    names: commandNames(commands),
    commandsOver: made?.over ??
      ((provider) =>
        createCommands(aggregateOver(provider), commands, options)),
  };
}

function provide(
  aggregate: AnyAggregate<any, any>,
): (provider: ProviderOrPromise<any>) => ProvidedAggregate<any, any> {
  if ("aggregate" in aggregate) {
    return (provider) =>
      createDomainV2({ provider }, { aggregate: withoutPersonal(aggregate) })
        .domain.aggregate as any;
  }
  const origin = originOf<ProvidedAggregate<any, any>>(aggregate) ??
    unknown("an aggregate that createAggregate or createDomain returned");
  return origin.over;
}

function unknown(what: string): never {
  throw new TypeError(
    `Expected ${what}: a copy of it cannot be made over another provider`,
  );
}
