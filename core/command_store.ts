import type {
  Aggregate,
  BaseAggregate,
  ProvidedAggregate,
} from "./aggregate.ts";
import { appendClaiming } from "./claimed_append.ts";
import type { CheckedClaims } from "./claims.ts";
import type { CommandOptions } from "./command_options.ts";
import { CommandError, DuplicateCommandError } from "./errors.ts";
import type { Event, StoreEvent } from "./event.ts";
import { isSamePosition } from "./position.ts";
import type { AppendOptions, Provider } from "./provider.ts";
import { currentMetadata } from "./metadata_context.ts";

/** What a command handler has decided, checked. */
export type Decided<E extends Event> = {
  events: E[];
  claims: CheckedClaims | undefined;
};

/** What a command reads and writes of its aggregate. */
export class CommandStore<E extends Event, A extends Aggregate> {
  #provided: ProvidedAggregate<E, A>;

  /** @param provided The aggregate, and where its events are. */
  constructor(provided: ProvidedAggregate<E, A>) {
    this.#provided = provided;
  }

  /** Which aggregate a command is about. */
  own(aggregateId: string): { stream: string; aggregateId: string } {
    return { stream: this.#provided.stream, aggregateId };
  }

  /** Loads the aggregate, as the transaction of the command sees it. */
  load(id: string, options: CommandOptions): Promise<A & BaseAggregate> {
    return this.#provided.getAggregate(id, transaction(options));
  }

  /** Whether the command was stored by an earlier attempt. */
  async isRepeat(
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

  /**
   * Appends a decision.
   *
   * @returns The aggregate after it, also if an earlier attempt has stored it.
   */
  async append(
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
          own: { ...this.own(id), version: aggregate.version },
          claims,
          append,
        }, options.tx)
        : append(options.tx));
    } catch (error) {
      cache?.delete(id);
      const repeated = error instanceof DuplicateCommandError ||
        (error instanceof CommandError &&
          await this.isRepeat(provider, id, options));
      if (!repeated) throw error;
      return await this.load(id, options);
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
