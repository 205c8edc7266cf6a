import type {
  Aggregate,
  BaseAggregate,
  ProvidedAggregate,
} from "./aggregate.ts";
import {
  claimsOf,
  type CommandResult,
  isDecision,
  mayDecideAgain,
} from "./claims.ts";
import {
  checkNames,
  checkRetries,
  checkSupport,
  type CommandOptions,
  type RetryOptions,
} from "./command_options.ts";
import { CommandStore, type Decided } from "./command_store.ts";
import { copyPlainData } from "./copy.ts";
import { CommandError, VersionError } from "./errors.ts";
import type { Event } from "./event.ts";
import type { Provider } from "./provider.ts";
import { toStorable } from "./schema.ts";
import { observerOf } from "./work_observer.ts";

/** What a command handler decides on an aggregate. */
export type Decide<E extends Event, A extends Aggregate> = (
  aggregate: A & BaseAggregate,
) => Promise<CommandResult<E>> | CommandResult<E>;

/**
 * Runs commands of one aggregate: load, decide, append. Both generations of
 * `createDomain` stand on it.
 */
export class CommandExecutor<E extends Event, A extends Aggregate> {
  #provided: ProvidedAggregate<E, A>;
  #store: CommandStore<E, A>;
  #retries: number;

  /** @throws {StoreError} `INVALID_INPUT` for `retries` that are not a count. */
  constructor(
    provided: ProvidedAggregate<E, A>,
    { retries = 0 }: RetryOptions,
  ) {
    this.#provided = provided;
    this.#store = new CommandStore(provided);
    this.#retries = checkRetries(retries);
  }

  /**
   * Decides on an aggregate and appends the decision.
   *
   * @param loaded The aggregate to decide on. Without it the newest one is
   * loaded, and loaded again after a conflict.
   * @param command What an observer of the provider calls it.
   */
  async execute(
    id: string,
    decide: Decide<E, A>,
    options: CommandOptions = {},
    loaded?: A & BaseAggregate,
    command?: string,
  ): Promise<A & BaseAggregate> {
    const provider = await this.#prepare(id, options);
    if (command !== undefined) {
      const observer = observerOf(provider);
      if (observer) {
        return await observer.command(
          { ...this.#store.own(id), command },
          () => this.#execute(provider, id, decide, options, loaded),
        );
      }
    }
    return await this.#execute(provider, id, decide, options, loaded);
  }

  async #execute(
    provider: Provider<E>,
    id: string,
    decide: Decide<E, A>,
    options: CommandOptions,
    loaded: (A & BaseAggregate) | undefined,
  ): Promise<A & BaseAggregate> {
    const mayRetry = !loaded && options.expectedVersion === undefined;
    const kept = loaded ? undefined : this.#kept(id, options);
    const tried = kept &&
      await this.#executeOn(provider, kept, decide, options);
    if (tried?.done) return tried.done;
    let newer = tried?.newer;
    for (let attempt = 0;; attempt++) {
      options.signal?.throwIfAborted();
      const aggregate = loaded ?? newer ?? await this.#store.load(id, options);
      newer = undefined;
      // Before the handler decides: a repeated "open" must not hear "already open".
      if (
        options.commandId !== undefined &&
        await this.#store.isRepeat(provider, id, options)
      ) {
        return await this.#store.load(id, options);
      }
      const decided = await this.#decide(provider, aggregate, decide, options);
      if (decided.events.length === 0) return { ...aggregate };
      options.signal?.throwIfAborted();
      try {
        return await this.#store.append(provider, aggregate, decided, options);
      } catch (error) {
        const isOld = error instanceof VersionError ||
          mayDecideAgain(error, options);
        const again = isOld && mayRetry && attempt < this.#retries;
        if (!again) throw error;
      }
    }
  }

  /** What can be decided on without asking the database. */
  #kept(
    id: string,
    { tx, commandId, expectedVersion }: CommandOptions,
  ): (A & BaseAggregate) | undefined {
    const { cache, optimistic } = this.#provided;
    const isPlain = tx === undefined && commandId === undefined &&
      expectedVersion === undefined;
    return optimistic && isPlain ? cache?.get(id)?.aggregate : undefined;
  }

  /**
   * Decides on an aggregate that may be old.
   *
   * @returns What came of it. Nothing is done if the decision was on an old one:
   * then the newer one, if that was read already.
   */
  async #executeOn(
    provider: Provider<E>,
    kept: A & BaseAggregate,
    decide: Decide<E, A>,
    options: CommandOptions,
  ): Promise<{ done?: A & BaseAggregate; newer?: A & BaseAggregate }> {
    options.signal?.throwIfAborted();
    let decided: Decided<E>;
    try {
      decided = await this.#decide(provider, kept, decide, options);
    } catch (error) {
      const newer = await this.#newerThan(kept);
      if (newer) return { newer };
      throw error;
    }
    if (decided.events.length === 0) {
      const newer = await this.#newerThan(kept);
      return newer ? { newer } : { done: { ...kept } };
    }
    options.signal?.throwIfAborted();
    try {
      return {
        done: await this.#store.append(provider, kept, decided, options),
      };
    } catch (error) {
      if (error instanceof VersionError) return {};
      // What it claimed was refused: a newer aggregate may not claim it.
      const newer = error instanceof CommandError &&
        await this.#newerThan(kept);
      if (newer) return { newer };
      throw error;
    }
  }

  async #newerThan(
    { aggregateId, version }: A & BaseAggregate,
  ): Promise<(A & BaseAggregate) | undefined> {
    const now = await this.#store.load(aggregateId, {});
    return now.version === version ? undefined : now;
  }

  async #prepare(id: string, options: CommandOptions): Promise<Provider<E>> {
    checkNames(id, options);
    const provider = await this.#provided.provider;
    checkSupport(provider, options);
    claimsOf(provider, this.#store.own(id), options);
    return provider;
  }

  async #decide(
    provider: Provider<E>,
    aggregate: A & BaseAggregate,
    decide: Decide<E, A>,
    options: CommandOptions,
  ): Promise<Decided<E>> {
    const { expectedVersion } = options;
    const own = this.#store.own(aggregate.aggregateId);
    if (
      expectedVersion !== undefined && aggregate.version !== expectedVersion
    ) {
      throw VersionError.of({
        ...own,
        expectedVersion,
        actualVersion: aggregate.version,
      });
    }
    // The handler gets a copy: what it changes there is not what happened.
    const decided = await decide(copyPlainData(aggregate) ?? aggregate);
    if (!decided) return { events: [], claims: undefined };
    const more = isDecision<E>(decided) ? decided : undefined;
    const events = more ? more.events : decided as E | E[];
    return {
      events: [events].flat().map((event, index) =>
        toStorable(this.#provided, `events[${index}]`, event as E, own)
      ),
      claims: claimsOf(provider, own, more ?? {}, options),
    };
  }
}
