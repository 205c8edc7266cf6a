import type { Aggregate, BaseAggregate, Fold } from "./aggregate.ts";
import {
  createProvidedAggregate,
  type StoreOptions,
} from "./provided_aggregate.ts";
import { CommandExecutor } from "./command_executor.ts";
import type { CommandOptions, RetryOptions } from "./command_options.ts";
import {
  type CmdBody,
  type Command,
  type CommandHandler,
  commandNames,
  type CommandSchemaOptions,
  type InferredCommands,
  type InferredHandlers,
  type NoCommandSchema,
  type SchemaCommands,
  type SchemaHandlers,
} from "./commands.ts";
import { copyPlainData } from "./copy.ts";
import { StoreError } from "./errors.ts";
import type { Event, StoreEvent } from "./event.ts";
import { createErasure, type Erasure } from "./forget.ts";
import { readEvents, type ReadEventsOptions } from "./event_reader.ts";
import { controlsOf, subscribeAll } from "./handler.ts";
import { makeHandler } from "./make_handler.ts";
import { withOrigin } from "./origin.ts";
import { readingOf } from "./reading.ts";
import { commandParser, type SchemaOptions, type Schemas } from "./schema.ts";
import type { SchemaInput } from "./standard_schema.ts";
import type {
  DomainHandlerOpts,
  Handler,
  TransactionalOptions,
} from "./handler_options.ts";
import type { SnapshotOptions } from "./snapshot_options.ts";
import { type PersonalOptions, withoutPersonal } from "./personal.ts";
import type { Upcasters } from "./upcast.ts";

/** One aggregate and where its events are stored, for {@linkcode createDomainV1}. */
export type DomainOptions<E extends Event, A extends Aggregate, Tx = any> =
  & StoreOptions<E, Tx>
  & RetryOptions
  & SchemaOptions
  & {
    /** A new and empty aggregate. */
    aggregate: () => A;
    /** The stream that its events are appended to. */
    stream: string;
    /** What one event changes. */
    fold: Fold<E, A>;
    /** How snapshots are kept. Default: none are. */
    snapshot?: SnapshotOptions;
    /**
     * How events that were stored in another shape become those of today, from
     * `createUpcasters`. Default: every event is what was stored.
     */
    upcast?: Upcasters<any, NoInfer<E>>;
    /**
     * Fields that are stored encrypted until their subject is forgotten.
     * Default: there are none.
     */
    personal?: NoInfer<PersonalOptions<E>>;
  };

/** An aggregate that was loaded. */
export type LoadedAggregate<A extends Aggregate> = {
  /** The aggregate as it was when it was loaded. */
  aggregate: Readonly<A & BaseAggregate>;
};

/**
 * The commands of one loaded aggregate. Each decides on that aggregate without
 * reading it again, and resolves to the next one.
 */
export type ExecutableAggregate<
  C extends Command,
  A extends Aggregate,
  Tx = any,
> = {
  [K in C["type"]]: (
    body: Parameters<CmdBody<C, A>[K]>[1],
    options?: CommandOptions<Tx>,
  ) => Promise<ExecutableAggregate<C, A, Tx> & LoadedAggregate<A>>;
};

/** As {@linkcode ExecutableAggregate}, for inferred commands. */
export type InferredExecutable<H, A extends Aggregate, Tx = any> = {
  [K in keyof H]: InferredCommands<H, A, Tx>[K] extends
    (id: string, body: infer Body, options?: any) => any ? (
      body: Body,
      options?: CommandOptions<Tx>,
    ) => Promise<InferredExecutable<H, A, Tx> & LoadedAggregate<A>>
    : never;
};

/** Makes handlers of a domain's one stream. */
export type HandlerFactory<E extends Event, Tx = any> = {
  /** Each callback gets the transaction that the bookmark moves in. */
  (bookmark: string, options: TransactionalOptions): Handler<E, Tx>;
  /** Makes a handler with this bookmark. */
  (bookmark: string, options?: DomainHandlerOpts): Handler<E>;
};

/** As `ReadEvents`, for a domain's one stream. */
export type ReadStreamEvents<E extends Event> = (
  options?: ReadEventsOptions,
) => AsyncGenerator<StoreEvent<E>>;

/** What {@linkcode createDomainV1} returns. */
export type Domain<
  E extends Event,
  A extends Aggregate,
  C extends Command,
  Tx = any,
> = Erasure & {
  /** Makes handlers of the stream. */
  handler: HandlerFactory<E, Tx>;
  /** Reads the events of the stream as what they are today. */
  readEvents: ReadStreamEvents<E>;
  /** The commands, by aggregate id. */
  command: CmdBody<C, A, Tx>;
  /** Loads an aggregate together with its commands. */
  getAggregate(
    id: string,
  ): Promise<ExecutableAggregate<C, A, Tx> & LoadedAggregate<A>>;
};

/** As {@linkcode Domain}, for inferred commands. */
export type InferredDomain<E extends Event, A extends Aggregate, H, Tx = any> =
  & Erasure
  & {
    /** Makes handlers of the stream. */
    handler: HandlerFactory<E, Tx>;
    /** Reads the events of the stream as what they are today. */
    readEvents: ReadStreamEvents<E>;
    /** The commands, by aggregate id. */
    command: InferredCommands<H, A, Tx>;
    /** Loads an aggregate together with its commands. */
    getAggregate(
      id: string,
    ): Promise<InferredExecutable<H, A, Tx> & LoadedAggregate<A>>;
  };

/** As {@linkcode Domain}, for commands that schemas describe. */
export type SchemaDomain<
  E extends Event,
  A extends Aggregate,
  C extends Schemas,
  Tx = any,
> = Erasure & {
  /** Makes handlers of the stream. */
  handler: HandlerFactory<E, Tx>;
  /** Reads the events of the stream as what they are today. */
  readEvents: ReadStreamEvents<E>;
  /** The commands, by aggregate id. */
  command: SchemaCommands<C, A, Tx>;
  /** Loads an aggregate together with its commands. */
  getAggregate(
    id: string,
  ): Promise<SchemaExecutable<C, A, Tx> & LoadedAggregate<A>>;
};

/** As {@linkcode ExecutableAggregate}, for commands that schemas describe. */
export type SchemaExecutable<
  C extends Schemas,
  A extends Aggregate,
  Tx = any,
> = {
  [K in keyof C & string]: (
    body: SchemaInput<C[K]>,
    options?: CommandOptions<Tx>,
  ) => Promise<SchemaExecutable<C, A, Tx> & LoadedAggregate<A>>;
};

/**
 * A domain of one aggregate: its stream, its fold and its commands in one call.
 *
 * @example
 * ```ts
 * import { createDomainV1 } from "evtstore";
 * import { createProvider } from "evtstore/provider/memory";
 * import assert from "node:assert/strict";
 *
 * type UserEvent = { type: "NameChanged"; name: string };
 * type UserCommand = { type: "changeName"; name: string };
 *
 * const users = createDomainV1<UserEvent, { name: string }, UserCommand>({
 *   stream: "users",
 *   aggregate: () => ({ name: "" }),
 *   fold: (event) => ({ name: event.name }),
 *   provider: createProvider(),
 * }, {
 *   changeName: async ({ name }) => ({ type: "NameChanged", name }),
 * });
 *
 * await users.command.changeName("u1", { name: "Ada" });
 * const user = await users.getAggregate("u1");
 * const renamed = await user.changeName({ name: "Ada Lovelace" });
 * assert.equal(renamed.aggregate.name, "Ada Lovelace");
 * assert.equal(renamed.aggregate.version, 2);
 * ```
 *
 * @param opts The aggregate and where its events are stored.
 * @param handlers The command handlers.
 * @returns `command`, `handler`, `readEvents` and `getAggregate`.
 * @throws {StoreError} `INVALID_INPUT` for a command handler that is not a
 * function, or is called "aggregate" or "then".
 */
export function createDomainV1<
  E extends Event,
  A extends Aggregate,
  H extends InferredHandlers<E, A>,
  Tx = any,
>(
  opts: DomainOptions<E, A, Tx> & NoCommandSchema,
  handlers: H & InferredHandlers<NoInfer<E>, A>,
): InferredDomain<E, A, H, Tx>;
/** The form of evtstore 12: events, aggregate and commands as type arguments. */
export function createDomainV1<
  Evt extends Event,
  Agg extends Aggregate,
  Cmd extends Command,
>(
  opts: DomainOptions<Evt, Agg> & NoCommandSchema,
  handlers: CommandHandler<Evt, Agg, Cmd>,
): Domain<Evt, Agg, Cmd>;
/** With a schema of each command; the types of the commands follow from them. */
export function createDomainV1<
  E extends Event,
  A extends Aggregate,
  C extends Schemas,
  H extends SchemaHandlers<E, A, C>,
  Tx = any,
>(
  opts: DomainOptions<E, A, Tx> & CommandSchemaOptions<C>,
  handlers: H & SchemaHandlers<NoInfer<E>, A, NoInfer<C>>,
): SchemaDomain<E, A, C, Tx>;
export function createDomainV1(
  opts: DomainOptions<any, any> & { commandSchema?: Schemas | undefined },
  handlers: InferredHandlers<any, any>,
): any {
  const types = commandNames(handlers);
  refuseReservedNames(types);
  const parse = commandParser(types, opts.commandSchema);
  const provided = createProvidedAggregate<any, any>(opts);
  const executor = new CommandExecutor<any, any>(provided, opts);
  const decide = (type: string, id: string, body: object) => {
    const parsed = parse(type, body);
    return (aggregate: any) =>
      handlers[type]!({ ...parsed, aggregateId: id, type }, aggregate);
  };

  function executable(loaded: BaseAggregate): any {
    const id = loaded.aggregateId;
    const commands = types.map((type) => [
      type,
      async (body: object, options?: CommandOptions) =>
        executable(
          await executor.execute(
            id,
            decide(type, id, body),
            options,
            loaded,
            type,
          ),
        ),
    ]);
    // A copy, so that what is done to it is not decided on.
    const aggregate = copyPlainData(loaded) ?? loaded;
    return { ...Object.fromEntries(commands), aggregate };
  }

  const domain: Domain<any, any, any> = {
    command: Object.fromEntries(types.map((type) => [
      type,
      async (id: string, body: object, options?: CommandOptions) =>
        await executor.execute(
          id,
          decide(type, id, body),
          options,
          undefined,
          type,
        ),
    ])),
    getAggregate: async (id) => executable(await provided.getAggregate(id)),
    handler: (bookmark: string, options: DomainHandlerOpts = {}) =>
      singleStreamHandler(opts, bookmark, options),
    ...createErasure(opts, provided.snapshots ? [provided.snapshots] : []),
    readEvents: (options = {}) =>
      readEvents(
        opts.provider,
        [opts.stream],
        readingOf([opts], opts),
        options,
      ),
  };
  return withOrigin<object>(domain, {
    stream: opts.stream,
    over: (provider) =>
      createDomainV1(
        withoutPersonal({ ...opts, provider }) as typeof opts & NoCommandSchema,
        handlers,
      ),
  });
}

function singleStreamHandler(
  opts: DomainOptions<any, any>,
  bookmark: string,
  options: DomainHandlerOpts,
): Handler<any, any> {
  const { stream, provider } = opts;
  const handler = makeHandler({
    ...options,
    bookmark,
    provider,
    streams: [stream],
    ...readingOf([opts], opts),
  });
  return {
    ...controlsOf(handler),
    handle: (type, callback) => handler.subscribe(stream, type, callback),
    handlers: (callbacks) => subscribeAll(handler, stream, callbacks),
    handleBatch: (callback, options) =>
      handler.subscribeBatch(callback, options),
  };
}

function refuseReservedNames(types: string[]): void {
  // `getAggregate` puts the commands beside `aggregate`, and a promise that
  // resolves to an object with `then` calls it.
  for (const reserved of ["aggregate", "then"]) {
    if (!types.includes(reserved)) continue;
    throw new StoreError(
      "INVALID_INPUT",
      `Cannot name a command handler "${reserved}": the loaded aggregate has that name; choose another one`,
      { field: reserved },
    );
  }
}
