import type {
  Aggregate,
  BaseAggregate,
  ProvidedAggregate,
} from "./aggregate.ts";
import { CommandExecutor } from "./command_executor.ts";
import type { CommandOptions, RetryOptions } from "./command_options.ts";
import type { CommandResult } from "./claims.ts";
import { StoreError } from "./errors.ts";
import type { Event, Ext } from "./event.ts";
import { originOf, withOrigin } from "./origin.ts";
import { commandParser, type Schemas } from "./schema.ts";
import type { SchemaInput, SchemaOutput } from "./standard_schema.ts";

/** A command as an application describes it: its `type` and what it needs. */
export type Command = {
  /** The name of the command handler. */
  type: string;
};

/** What a command handler receives, beside the aggregate's id. */
export type ReceivedCommand<C extends Command, T extends C["type"]> =
  & Omit<Ext<C, T>, "type">
  & { type: T };
/** What the caller of a command passes. */
export type CommandBody<C extends Command, T extends C["type"]> = Omit<
  Ext<C, T>,
  "type"
>;

/**
 * The command handlers of an aggregate, one for each `type` of the union `C`.
 * Each decides on the aggregate as it is, and returns what happened: an event,
 * several that are stored together, or none.
 */
export type CommandHandler<
  E extends Event,
  A extends Aggregate,
  C extends Command,
> = {
  [key in C["type"]]: (
    command: ReceivedCommand<C, key> & { aggregateId: string },
    aggregate: A & BaseAggregate,
  ) => Promise<CommandResult<E>> | CommandResult<E>;
};

/** The commands of an aggregate, ready to be called with an aggregate's id. */
export type CmdBody<C extends Command, A extends Aggregate, Tx = any> = {
  [K in C["type"]]: (
    aggId: string,
    body: CommandBody<C, K>,
    options?: CommandOptions<Tx>,
  ) => Promise<A & BaseAggregate>;
};

/** Command handlers whose command types are written on their own parameters. */
export type InferredHandlers<E extends Event, A extends Aggregate> = {
  [name: string]: (
    command: any,
    aggregate: A & BaseAggregate,
  ) => Promise<CommandResult<E>> | CommandResult<E>;
};

/** The commands that {@linkcode InferredHandlers} make. */
export type InferredCommands<H, A extends Aggregate, Tx = any> = {
  [K in keyof H]: H[K] extends (...parameters: infer P) => any ? (
      aggId: string,
      body: P extends [infer Body, ...unknown[]]
        ? Omit<Body, "type" | "aggregateId">
        : Record<PropertyKey, never>,
      options?: CommandOptions<Tx>,
    ) => Promise<A & BaseAggregate>
    : never;
};

/** Command handlers whose commands are what schemas describe. */
export type SchemaHandlers<
  E extends Event,
  A extends Aggregate,
  C extends Schemas,
> = {
  [K in keyof C & string]: (
    command: SchemaOutput<C[K]> & { type: K; aggregateId: string },
    aggregate: A & BaseAggregate,
  ) => Promise<CommandResult<E>> | CommandResult<E>;
};

/** The commands that {@linkcode SchemaHandlers} make. */
export type SchemaCommands<C extends Schemas, A extends Aggregate, Tx = any> = {
  [K in keyof C & string]: (
    aggId: string,
    body: SchemaInput<C[K]>,
    options?: CommandOptions<Tx>,
  ) => Promise<A & BaseAggregate>;
};

/** Options of commands whose types follow from schemas. */
export type CommandSchemaOptions<C extends Schemas> = {
  /**
   * A schema of each command, by its name: of Zod, Valibot, ArkType or any
   * other library of Standard Schema. What a command is called with is
   * validated before anything is read, and its handler gets what the schema
   * gives. Validation is synchronous.
   */
  commandSchema: C;
};

/** Tells the form of {@linkcode createCommands} without schemas from the other. */
export type NoCommandSchema = {
  /** Only where schemas say what the commands are. */
  commandSchema?: undefined;
};

/**
 * Makes the commands of an aggregate from its command handlers. A command loads
 * the aggregate, calls the handler, and appends what the handler returns.
 *
 * The type of each command is what its handler's first parameter says, or a
 * union given as the third type argument, as with evtstore 12.
 *
 * @example
 * ```ts
 * import { CommandError, createAggregate, createCommands, createDomain } from "evtstore";
 * import { createProvider } from "evtstore/provider/memory";
 * import assert from "node:assert/strict";
 *
 * const account = createAggregate({
 *   stream: "accounts",
 *   create: () => ({ cents: 0 }),
 *   fold: (event: { type: "Deposited"; cents: number }, account) => ({
 *     cents: account.cents + event.cents,
 *   }),
 * });
 * const { domain } = createDomain({ provider: createProvider() }, { account });
 *
 * const accounts = createCommands(domain.account, {
 *   async deposit({ cents }: { cents: number }) {
 *     if (cents <= 0) throw new CommandError("Nothing to deposit", "AMOUNT");
 *     return { type: "Deposited", cents };
 *   },
 * }, { retries: 3 });
 *
 * const ada = await accounts.deposit("ada", { cents: 500 });
 * assert.equal(ada.cents, 500);
 * assert.equal(ada.version, 1);
 * ```
 *
 * @param provided The aggregate, from {@linkcode createDomain}.
 * @param handler The command handlers.
 * @param options How often to decide again after a `VersionError`.
 * @returns The commands: `(aggregateId, body, options?) => Promise<aggregate>`.
 * A command rejects with what its handler throws; with {@linkcode VersionError}
 * if somebody else was faster more than `retries` times; with
 * {@linkcode RequirementError} or {@linkcode ReservationError} if what it claims
 * beyond its aggregate is not so; with
 * {@linkcode StoreError} `INVALID_INPUT` for what cannot be stored, and
 * `NOT_SUPPORTED` for an option that the provider lacks.
 * @throws {StoreError} `INVALID_INPUT` for a handler that is not a function.
 */
export function createCommands<
  E extends Event,
  A extends Aggregate,
  H extends InferredHandlers<E, A>,
  Tx = any,
>(
  provided: ProvidedAggregate<E, A, string, Tx>,
  handler: H & InferredHandlers<NoInfer<E>, A>,
  options?: RetryOptions & NoCommandSchema,
): InferredCommands<H, A, Tx>;
/** The form of evtstore 12: the commands are a union, given as type argument. */
export function createCommands<
  E extends Event,
  A extends Aggregate,
  C extends Command,
>(
  provided: ProvidedAggregate<E, A>,
  handler: CommandHandler<E, A, C>,
  options?: RetryOptions & NoCommandSchema,
): CmdBody<C, A>;
/** With a schema of each command; the types of the commands follow from them. */
export function createCommands<
  E extends Event,
  A extends Aggregate,
  C extends Schemas,
  H extends SchemaHandlers<E, A, C>,
  Tx = any,
>(
  provided: ProvidedAggregate<E, A, string, Tx>,
  handler: H & SchemaHandlers<NoInfer<E>, A, NoInfer<C>>,
  options: RetryOptions & CommandSchemaOptions<C>,
): SchemaCommands<C, A, Tx>;
export function createCommands(
  provided: ProvidedAggregate<any, any>,
  handler: InferredHandlers<any, any>,
  options: RetryOptions & { commandSchema?: Schemas | undefined } = {},
): any {
  const executor = new CommandExecutor(provided, options);
  const names = commandNames(handler);
  const parse = commandParser(names, options.commandSchema);
  const commands = Object.fromEntries(
    names.map((type) => [
      type,
      async (id: string, body: object, options?: CommandOptions) => {
        const parsed = parse(type, body);
        return await executor.execute(
          id,
          (aggregate) =>
            handler[type]!({ ...parsed, aggregateId: id, type }, aggregate),
          options,
          undefined,
          type,
        );
      },
    ]),
  );
  const origin = originOf(provided);
  if (!origin) return commands;
  return withOrigin(commands, {
    stream: provided.stream,
    over: (provider): any =>
      createCommands(origin.over(provider), handler, options as RetryOptions),
  });
}

/**
 * The names of the command handlers.
 *
 * @throws {StoreError} `INVALID_INPUT` for a handler that is not a function.
 */
export function commandNames(handler: InferredHandlers<any, any>): string[] {
  const names = Object.keys(handler);
  for (const name of names) {
    if (typeof handler[name] === "function") continue;
    throw new StoreError(
      "INVALID_INPUT",
      `Expected the command handler "${name}" to be a function: got ${typeof handler[
        name
      ]}`,
      { field: name },
    );
  }
  return names;
}
