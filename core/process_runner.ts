import type { ProvidedAggregate } from "./aggregate.ts";
import {
  type CommandError,
  DuplicateCommandError,
  StoreError,
  VersionError,
} from "./errors.ts";
import type { Event, EventMeta, StoreEvent } from "./event.ts";
import { causedBy, currentMetadata } from "./metadata_context.ts";
import { type Decided, type Deciding, deciding } from "./process_decisions.ts";
import {
  type Batch,
  type DecidedCommand,
  type ProcessHistory,
  REACTED,
  type Reacted,
  readHistory,
  timerCause,
} from "./process_history.ts";
import type { ProcessContext, ProcessDecision } from "./process_context.ts";
import { type DueTimer, type ProcessTimers, short } from "./process_timers.ts";
import { isBefore } from "./process_position.ts";
import type { Provider } from "./provider.ts";
import { isRefusal } from "./refusal.ts";
import { storePosition } from "./stored_position.ts";

/** How often an append may lose to another owner before it is an error. */
const MOST_LOST = 10;

/** A reaction, whatever it is to. */
export type Reaction = (
  cause: any,
  context: ProcessContext<any, any, any> & { meta?: EventMeta },
) => unknown;

/** What a process manager is made of, once its provider is there. */
export type RunnerParts = Deciding & {
  provider: Provider<any>;
  /** Its own events. */
  own: ProvidedAggregate<any, any>;
  /** An empty state. */
  empty: () => object;
  timerRecords: ProcessTimers;
  /** The reaction to a timer. */
  onTimer(name: string): Reaction;
  /** The reaction to a refused command, if there is one. */
  onRefused(command: string): Reaction | undefined;
};

/** Another owner stored something of the process first. */
class AppendLost extends Error {
  constructor(cause: unknown) {
    super("Another owner was faster", { cause });
  }
}

/** Something that one process reacts to, at most once. */
type Cause = {
  id: string;
  /** Tells it from all others of the process. */
  to: string;
  position?: Reacted["position"] | undefined;
  /** Whether it is for the process, as it is. */
  concerns(history: ProcessHistory): boolean | Promise<boolean>;
  react(history: ProcessHistory): Promise<Decided>;
  /** What it comes of, where no handler says so. */
  origin?(history: ProcessHistory): StoreEvent<any>;
};

/**
 * Carries out reactions. First all that is decided is stored in the process's
 * own stream, by an id made of the cause; then timers are set, and then the
 * commands are sent, each by an id made of where it stands there. Whoever comes
 * to the same cause again finds what was decided and does the same.
 */
export class ProcessRunner {
  #parts: RunnerParts;

  /** @param parts What it is made of. */
  constructor(parts: RunnerParts) {
    this.#parts = parts;
  }

  /** Reacts to an event, and does what was decided. */
  async event(
    id: string,
    event: Event,
    meta: EventMeta,
    reaction: Reaction,
    starts: boolean,
  ): Promise<void> {
    const { stream, aggregateId, version, position, part } = meta;
    // Of the events that an upcaster made of one, each is decided on.
    const which = part === undefined ? "" : `.${part}`;
    await this.#react({
      id,
      to: `event:${
        encodeURIComponent(stream)
      }/${aggregateId}@${version}${which}`,
      position: storePosition(position),
      concerns: async ({ version, ended, began }) => {
        if (ended) return false;
        if (starts) return true;
        // An event that came before the process began was ignored: after a
        // crash it can come once more, behind that.
        return version > 0 && !(began !== undefined &&
          await isBefore(this.#parts.provider, meta, began));
      },
      react: (history) => this.#decide(history, reaction, event, { meta }),
    });
  }

  /** Fires a timer, unless it was replaced or cancelled meanwhile. */
  async timer(timer: DueTimer): Promise<void> {
    const { id, name, at, version } = timer;
    const reaction = this.#parts.onTimer(name);
    await this.#react({
      id,
      to: timerCause(timer),
      concerns: ({ timers }) => timers.get(name)?.version === version,
      react: (history) =>
        this.#decide(history, reaction, { at: new Date(at) }, {}),
      origin: (history) => history.batchAt(version)!.stored,
    });
  }

  /** Everything that one process has done. */
  read(id: string): Promise<ProcessHistory> {
    const { provider, own, empty } = this.#parts;
    return readHistory(provider, own, empty, id);
  }

  async #decide(
    history: ProcessHistory,
    reaction: Reaction,
    cause: unknown,
    more: { meta?: EventMeta },
  ): Promise<Decided> {
    const { id, state } = history;
    const { context, decided } = deciding(this.#parts, { id, state });
    return decided(await reaction(cause, { ...context, ...more }));
  }

  async #react(cause: Cause): Promise<void> {
    for (let lost = 0;; lost++) {
      const history = await this.read(cause.id);
      const before = history.batch(cause.to);
      if (before) return await this.#repeat(history, before);
      if (!await cause.concerns(history)) return;
      const origin = cause.origin?.(history);
      const work = async () =>
        await this.#append(history, cause, await cause.react(history));
      try {
        await (origin ? causedBy(origin, work) : work());
      } catch (error) {
        const isLost = error instanceof AppendLost;
        if (!isLost) throw error;
        if (lost === MOST_LOST) throw error.cause;
        continue;
      }
      return await this.#carryOut(history, history.batch(cause.to)!);
    }
  }

  async #append(
    history: ProcessHistory,
    cause: Cause,
    { events, decisions }: Decided,
  ): Promise<void> {
    const { provider, own } = this.#parts;
    const version = history.version + 1;
    const metadata = currentMetadata();
    const created = provider.createEvents(own.stream, history.id, version, [
      factOf(cause, decisions),
      ...events,
    ]);
    const stored = await provider.append(
      own.stream,
      history.id,
      version,
      metadata ? created.map((one) => ({ ...one, metadata })) : created,
      { commandId: short(cause.to) },
    ).catch((error: unknown) => {
      const isLost = error instanceof VersionError ||
        error instanceof DuplicateCommandError;
      throw isLost ? new AppendLost(error) : error;
    });
    for (const one of stored) history.add(one);
  }

  /** Carries out what was decided before, as far as it is not done. */
  async #repeat(history: ProcessHistory, batch: Batch): Promise<void> {
    await this.#carryOut(history, batch);
    // Whoever sees a process from its beginning may have another name than who
    // fired its timers, and none of their records.
    if (batch.stored.version > 1) return;
    for (const fired of history.ofTimers()) {
      await this.#carryOut(history, fired);
    }
  }

  /** Does what was decided, or what of it is not done yet. */
  async #carryOut(history: ProcessHistory, batch: Batch): Promise<void> {
    const { timerRecords } = this.#parts;
    const { id } = history;
    for (const timer of batch.dropped) await timerRecords.remove(id, timer);
    for (const timer of batch.set) {
      // A repeat must not bring back one that was replaced or fired since.
      const isSet = history.timers.get(timer.name)?.version === timer.version;
      if (isSet) await timerRecords.set(id, timer);
    }
    const { commands = [] } = batch.reacted;
    await causedBy(batch.stored, async () => {
      for (const [index, command] of commands.entries()) {
        await this.#send(history, batch, command, index);
      }
    });
  }

  async #send(
    history: ProcessHistory,
    batch: Batch,
    command: DecidedCommand,
    index: number,
  ): Promise<void> {
    const { own, commands, onRefused } = this.#parts;
    const place = `${batch.stored.version}:${index}`;
    const to = `refusal:${place}`;
    // What was refused stays refused: its reaction has undone things.
    const before = history.batch(to);
    if (before) return await this.#carryOut(history, before);
    const { name, aggregateId, body } = command;
    const dot = name.indexOf(".");
    const send = commands[name.slice(0, dot)]?.[name.slice(dot + 1)];
    if (!send) throw missing(this.#parts.name, name);
    const commandId = short(
      `process:${encodeURIComponent(own.stream)}/${history.id}@${place}`,
    );
    try {
      await send(aggregateId, body, { commandId });
    } catch (error) {
      const reaction = isRefusal(error) ? onRefused(name) : undefined;
      if (!reaction) throw error;
      const { message, code } = error as CommandError;
      const refused = { aggregateId, body, message, ...code && { code } };
      await this.#react({
        id: history.id,
        to,
        concerns: () => true,
        react: (current) => this.#decide(current, reaction, refused, {}),
      });
    }
  }
}

/** What is stored of the decisions; what is empty is left out. */
function factOf(
  { to, position }: Cause,
  decisions: ProcessDecision[],
): Reacted {
  const commands: DecidedCommand[] = [];
  // The last word on a timer counts.
  const timers = new Map<string, number | undefined>();
  let ended = false;
  for (const one of decisions) {
    if (one.decision === "send") {
      const { command: name, aggregateId, body } = one;
      commands.push({ name, aggregateId, body });
    } else if (one.decision === "end") ended = true;
    else timers.set(one.timer, one.decision === "set" ? one.at : undefined);
  }
  const set: { name: string; at: number }[] = [];
  const cancelled: string[] = [];
  for (const [name, at] of ended ? [] : timers) {
    if (at === undefined) cancelled.push(name);
    else set.push({ name, at });
  }
  return {
    type: REACTED,
    to,
    ...position !== undefined && { position },
    ...commands.length > 0 && { commands },
    ...set.length > 0 && { timers: set },
    ...cancelled.length > 0 && { cancelled },
    ...ended && { ended },
  };
}

function missing(name: string, command: string): StoreError {
  return new StoreError(
    "INVALID_INPUT",
    `Process manager "${name}" has decided to send ${command}, which its "commands" do not have any more: give it back, under the same name`,
    { field: "commands", bookmark: name },
  );
}
