import type {
  Aggregate,
  BaseAggregate,
  ProvidedAggregate,
} from "./aggregate.ts";
import { appendClaiming } from "./claimed_append.ts";
import {
  type CheckedClaims,
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
import { copyPlainData } from "./copy.ts";
import { CommandError, DuplicateCommandError, VersionError } from "./errors.ts";
import type { Event, StoreEvent } from "./event.ts";
import { isSamePosition } from "./position.ts";
import type { AppendOptions, Provider } from "./provider.ts";
import { currentMetadata } from "./metadata_context.ts";
import { toStorable } from "./schema.ts";
import { observerOf } from "./work_observer.ts";

/** What a command handler decides on an aggregate. */
export type Decide<E extends Event, A extends Aggregate> = (
  aggregate: A & BaseAggregate,
) => Promise<CommandResult<E>> | CommandResult<E>;

/** What was decided, checked. */
type Decided<E extends Event> = {
  events: E[];
  claims: CheckedClaims | undefined;
};

/**
 * Runs commands of one aggregate: load, decide, append. Both generations of
 * `createDomain` stand on it.
 */
export class CommandExecutor<E extends Event, A extends Aggregate> {
  #provided: ProvidedAggregate<E, A>;
  #retries: number;

  /** @throws {StoreError} `INVALID_INPUT` for `retries` that are not a count. */
  constructor(
    provided: ProvidedAggregate<E, A>,
    { retries = 0 }: RetryOptions,
  ) {
    this.#provided = provided;
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
          { ...this.#own(id), command },
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
      const aggregate = loaded ?? newer ?? await this.#load(id, options);
      newer = undefined;
      // Before the handler decides: a repeated "open" must not hear "already open".
      if (
        options.commandId !== undefined &&
        await this.#isRepeat(provider, id, options)
      ) {
        return await this.#load(id, options);
      }
      const decided = await this.#decide(provider, aggregate, decide, options);
      if (decided.events.length === 0) return { ...aggregate };
      options.signal?.throwIfAborted();
      try {
        return await this.#append(provider, aggregate, decided, options);
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
      return { done: await this.#append(provider, kept, decided, options) };
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
    const now = await this.#load(aggregateId, {});
    return now.version === version ? undefined : now;
  }

  #load(id: string, options: CommandOptions): Promise<A & BaseAggregate> {
    return this.#provided.getAggregate(id, transaction(options));
  }

  async #prepare(id: string, options: CommandOptions): Promise<Provider<E>> {
    checkNames(id, options);
    const provider = await this.#provided.provider;
    checkSupport(provider, options);
    claimsOf(provider, this.#own(id), options);
    return provider;
  }

  #own(aggregateId: string): { stream: string; aggregateId: string } {
    return { stream: this.#provided.stream, aggregateId };
  }

  async #decide(
    provider: Provider<E>,
    aggregate: A & BaseAggregate,
    decide: Decide<E, A>,
    options: CommandOptions,
  ): Promise<Decided<E>> {
    const { expectedVersion } = options;
    const own = this.#own(aggregate.aggregateId);
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

  async #append(
    provider: Provider<E>,
    aggregate: A & BaseAggregate,
    { events, claims }: Decided<E>,
    options: CommandOptions,
  ): Promise<A & BaseAggregate> {
    const { stream, cache, snapshots, toNextAggregate } = this.#provided;
    const id = aggregate.aggregateId;
    const version = aggregate.version + 1;
    const created = provider.createEvents(stream, id, version, events);
    const placeholder = created.at(-1)?.position;
    const inherited = currentMetadata();
    const described = inherited || options.metadata
      ? created.map((event) => ({
        ...event,
        metadata: { ...inherited, ...options.metadata },
      }))
      : created;
    const persisted = this.#persist(described, aggregate);
    const append = (tx: unknown) =>
      provider.append(
        stream,
        id,
        version,
        persisted,
        appendOptions(options, tx),
      );
    let stored: StoreEvent<E>[];
    try {
      stored = await (claims
        ? appendClaiming(provider, {
          own: { ...this.#own(id), version: aggregate.version },
          claims,
          append,
        }, options.tx)
        : append(options.tx));
    } catch (error) {
      cache?.delete(id);
      const repeated = error instanceof DuplicateCommandError ||
        (error instanceof CommandError &&
          await this.#isRepeat(provider, id, options));
      if (!repeated) throw error;
      return await this.#load(id, options);
    }
    const next = stored.reduce(toNextAggregate, aggregate);
    // Inside a transaction the events may yet be rolled back, and some providers
    // of evtstore 12 do not say where they have stored them.
    const position = stored.at(-1)?.position;
    if (options.tx === undefined && !isSamePosition(position, placeholder)) {
      cache?.set(id, next, position);
      snapshots?.appended(provider, next, position);
    }
    return next;
  }

  async #isRepeat(
    provider: Provider<E>,
    id: string,
    options: CommandOptions,
  ): Promise<boolean> {
    const { commandId } = options;
    if (commandId === undefined) return false;
    const { stream } = this.#provided;
    const found = await provider.findCommand!(
      stream,
      id,
      commandId,
      transaction(options),
    );
    return found !== undefined;
  }

  #persist(
    events: StoreEvent<E>[],
    aggregate: A & BaseAggregate,
  ): StoreEvent<E>[] {
    const { persistAggregate, version, toNextAggregate } = this.#provided;
    if (!persistAggregate || !version) return events;
    let current = aggregate;
    return events.map((stored) => {
      current = toNextAggregate(current, stored);
      const __persisted = { ...current, __pv: version };
      return { ...stored, event: { ...stored.event, __persisted } };
    });
  }
}

function transaction({ tx }: CommandOptions): { tx?: unknown } {
  return tx === undefined ? {} : { tx };
}

function appendOptions(
  { commandId }: CommandOptions,
  tx: unknown,
): AppendOptions {
  const options: AppendOptions = {};
  if (tx !== undefined) options.tx = tx;
  if (commandId !== undefined) options.commandId = commandId;
  return options;
}
