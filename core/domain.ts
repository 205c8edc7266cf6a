import type { Aggregate, AggregateStore } from "./aggregate.ts";
import type { StoreOptions } from "./provided_aggregate.ts";
import type {
  Command,
  CommandHandler,
  CommandSchemaOptions,
  InferredHandlers,
  NoCommandSchema,
  SchemaHandlers,
} from "./commands.ts";
import {
  createDomainV1,
  type Domain,
  type DomainOptions,
  type InferredDomain,
  type SchemaDomain,
} from "./domain_v1.ts";
import {
  createDomainV2,
  type DomainReads,
  type DomainV2,
} from "./domain_v2.ts";
import type { Event } from "./event.ts";
import type { Erasure } from "./forget.ts";
import type { Schemas } from "./schema.ts";

/**
 * Makes a domain, in either of two forms.
 *
 * Given a provider and several aggregates, it returns the aggregates and a
 * factory for handlers; their commands are made with `createCommands`.
 * Given one aggregate with its `stream`, and command handlers, it returns
 * the commands, `handler` and `getAggregate` (see {@linkcode createDomainV1}).
 *
 * @example
 * ```ts
 * import { createAggregate, createCommands, createDomain } from "evtstore";
 * import { createProvider } from "evtstore/provider/memory";
 * import assert from "node:assert/strict";
 *
 * const counter = createAggregate({
 *   stream: "counters",
 *   create: () => ({ value: 0 }),
 *   fold: (event: { type: "Added"; value: number }, counter) => ({
 *     value: counter.value + event.value,
 *   }),
 * });
 * const { domain, createHandler } = createDomain(
 *   { provider: createProvider() },
 *   { counter },
 * );
 * const counters = createCommands(domain.counter, {
 *   add: ({ value }: { value: number }) => ({ type: "Added", value }),
 * });
 *
 * let total = 0;
 * const sum = createHandler("sum", ["counters"]);
 * sum.handle("counters", "Added", (_id, event) => {
 *   total += event.value;
 * });
 *
 * await counters.add("a", { value: 1 });
 * await counters.add("b", { value: 2 });
 * await sum.runOnce();
 * assert.equal(total, 3);
 * ```
 *
 * @throws {StoreError} `INVALID_INPUT` for an option that cannot be used.
 */
export function createDomain<
  E extends Event,
  A extends Aggregate,
  H extends InferredHandlers<E, A>,
  Tx = any,
>(
  opts: DomainOptions<E, A, Tx> & NoCommandSchema,
  handlers: H & InferredHandlers<NoInfer<E>, A>,
): InferredDomain<E, A, H, Tx>;
/** One aggregate, with events, aggregate and commands as type arguments. */
export function createDomain<
  Evt extends Event,
  Agg extends Aggregate,
  Cmd extends Command,
>(
  opts: DomainOptions<Evt, Agg> & NoCommandSchema,
  handlers: CommandHandler<Evt, Agg, Cmd>,
): Domain<Evt, Agg, Cmd>;
/** One aggregate, with a schema of each command. */
export function createDomain<
  E extends Event,
  A extends Aggregate,
  C extends Schemas,
  H extends SchemaHandlers<E, A, C>,
  Tx = any,
>(
  opts: DomainOptions<E, A, Tx> & CommandSchemaOptions<C>,
  handlers: H & SchemaHandlers<NoInfer<E>, A, NoInfer<C>>,
): SchemaDomain<E, A, C, Tx>;
/** Several aggregates on one provider. */
export function createDomain<Tree extends AggregateStore, Tx = any>(
  opts: StoreOptions<any, Tx>,
  aggregates: Tree,
): DomainV2<Tree, Tx> & DomainReads<Tree> & Erasure;
export function createDomain(
  opts: DomainOptions<any, any> | StoreOptions<any>,
  handlersOrAggregates: any,
): unknown {
  return "stream" in opts
    ? createDomainV1(opts, handlersOrAggregates)
    : createDomainV2(opts, handlersOrAggregates);
}
