import { createAggregate } from "./aggregate.ts";
import type { Clock } from "./clock.ts";
import { StoreError } from "./errors.ts";
import { reportFailure } from "./event_failure.ts";
import type { EventMeta } from "./event.ts";
import { EventHandler } from "./event_handler.ts";
import { controlsOf } from "./handler.ts";
import { checkCapable, checkProcess } from "./process_check.ts";
import { ProcessClock, withClock } from "./process_clock.ts";
import { REACTED } from "./process_history.ts";
import type {
  Process,
  ProcessInstance,
  ProcessStatus,
} from "./process_controls.ts";
import type { ProcessOptions } from "./process_options.ts";
import { ProcessRunner, type Reaction } from "./process_runner.ts";
import { ProcessTimers } from "./process_timers.ts";
import { createProvidedAggregate } from "./provided_aggregate.ts";
import type { Provider } from "./provider.ts";
import { readsOf } from "./schema.ts";
import { checkName } from "./validation.ts";

/** How long timers wait for a moment when nothing is new. */
const MOST_BUSY_MS = 5000;

type AnyOptions = ProcessOptions<any, any, any, any, any>;
type AnyProcess = Process<any, any, any, any, any>;

/** What one pass did that somebody waits for. */
type Pass = { fired: number; errors: unknown[] };

/**
 * A process manager: a handler that reacts to the events of its streams, and
 * looks at the timers when there are no more.
 */
export class ProcessManager {
  #options: AnyOptions;
  #clock: ProcessClock;
  #handler: EventHandler;
  #parts: Promise<{ runner: ProcessRunner; timers: ProcessTimers }> | undefined;
  #timerReactions: Map<string, Reaction> = new Map();
  #refusalReactions: Map<string, Reaction> = new Map();
  #registered: Set<string> = new Set();
  #pass: Pass | undefined;
  /** When nothing was new for the last time, or something for the first. */
  #quietAt: number | undefined;

  /** @throws {StoreError} `INVALID_INPUT` or `NOT_SUPPORTED` */
  constructor(clock: Clock, options: AnyOptions) {
    checkProcess(options);
    this.#options = options;
    this.#clock = new ProcessClock(clock);
    const { name, streams, tailStream, retry, poll, checkpoint, onFailure } =
      options;
    const provider = streams[0].provider;
    if (!("then" in provider)) checkCapable(provider, name);
    this.#handler = new EventHandler({
      bookmark: name,
      streams: [...new Set<string>(streams.map(({ stream }: any) => stream))],
      provider,
      ...tailStream !== undefined && { tailStream },
      ...retry !== undefined && { retry },
      ...poll !== undefined && { poll },
      ...checkpoint !== undefined && { checkpoint },
      ...onFailure !== undefined && { onFailure },
      ...readsOf(streams),
      caughtUp: (enough, events) => this.#caughtUp(enough, events),
    }, this.#clock);
  }

  /** What the application sees of it. */
  face(): AnyProcess {
    const { name, stream = name } = this.#options;
    const { start, ...controls } = controlsOf(this.#handler);
    const face: AnyProcess = {
      ...controls,
      stream,
      start: () => {
        this.#checkReactions();
        this.#quietAt = undefined;
        start();
      },
      startsOn: (stream, by, reactions) =>
        this.#register(true, stream, by, reactions),
      on: (stream, by, reactions) =>
        this.#register(false, stream, by, reactions),
      onTimer: (timer, reaction) => {
        this.#once(`timer ${timer}`);
        this.#timerReactions.set(timer, reaction);
      },
      onRefused: (group, reactions) => {
        for (const [command, reaction] of Object.entries<any>(reactions)) {
          if (!reaction) continue;
          this.#once(`refused ${group}.${command}`);
          this.#refusalReactions.set(`${group}.${command}`, reaction);
        }
      },
      get: (id) => this.#get(id),
      runOnce: () => this.#runOnce(),
      status: () => this.#status(),
    };
    return withClock(face, this.#clock);
  }

  #register(
    starts: boolean,
    stream: string,
    by: (event: any, id: string, meta: EventMeta) => string | undefined,
    reactions: { [type: string]: any },
  ): void {
    for (const [type, reaction] of Object.entries<Reaction>(reactions)) {
      this.#once(`${type} of stream "${stream}"`);
      this.#handler.subscribe(
        stream,
        type,
        async (aggregateId, event, meta) => {
          const id = by(event, aggregateId, meta);
          if (id === undefined) return;
          checkName("processId", id);
          const { runner } = await this.#open();
          await runner.event(id, event, meta, reaction, starts);
        },
      );
    }
  }

  #once(what: string): void {
    if (!this.#registered.has(what)) {
      this.#registered.add(what);
      return;
    }
    const { name } = this.#options;
    throw new StoreError(
      "INVALID_INPUT",
      `Process manager "${name}" has two reactions to ${what}: it would be decided twice; keep one`,
      { field: "reactions", bookmark: name },
    );
  }

  #checkReactions(): void {
    const { name, timers = [] } = this.#options;
    for (const timer of timers) {
      if (this.#timerReactions.has(timer)) continue;
      throw new StoreError(
        "INVALID_INPUT",
        `Process manager "${name}" has no reaction to its timer "${timer}": register one with onTimer()`,
        { field: "timers", bookmark: name },
      );
    }
  }

  /** What needs the provider. */
  #open(): Promise<{ runner: ProcessRunner; timers: ProcessTimers }> {
    return this.#parts ??= this.#make().catch((error) => {
      this.#parts = undefined;
      throw error;
    });
  }

  async #make(): Promise<{ runner: ProcessRunner; timers: ProcessTimers }> {
    const { name, stream = name, create = () => ({}), fold, ...options } =
      this.#options;
    const provider: Provider<any> = await options.streams[0].provider;
    checkCapable(provider, name);
    const timers = new ProcessTimers(provider.records!, name, this.#clock);
    const own = createProvidedAggregate({
      ...createAggregate<any, any, string>({
        stream,
        create,
        fold: (event, state, meta) =>
          event.type === REACTED || !fold ? {} : fold(event, state, meta),
      }),
      provider,
    });
    const runner = new ProcessRunner({
      name,
      provider,
      own,
      empty: create,
      timers: options.timers ?? [],
      commands: options.commands,
      now: () => this.#clock.now(),
      timerRecords: timers,
      onTimer: (timer) => this.#timerReactions.get(timer) ?? gone(name, timer),
      onRefused: (command) => this.#refusalReactions.get(command),
    });
    return { runner, timers };
  }

  /**
   * Timers wait until nothing is new: what the reactions of this pass cause may
   * cancel them. Where something is new without end, they wait so long only.
   */
  async #caughtUp(enough: () => boolean, events: number): Promise<void> {
    const now = this.#clock.monotonic();
    if (events === 0) this.#quietAt = now;
    this.#quietAt ??= now;
    const isBusy = events > 0 && now - this.#quietAt < MOST_BUSY_MS;
    if (isBusy || (events > 0 && this.#pass)) return;
    await this.#fireTimers(enough);
  }

  async #fireTimers(enough: () => boolean): Promise<void> {
    const { runner, timers } = await this.#open();
    const pass = this.#pass;
    const fired = await timers.fireDue(
      (timer) => runner.timer(timer),
      (error) => {
        if (pass) pass.errors.push(error);
        else void this.#report(error);
      },
      enough,
    );
    if (pass) pass.fired += fired;
  }

  async #report(error: unknown): Promise<void> {
    const { name, streams } = this.#options;
    const provider = await streams[0].provider;
    const names = streams.map(({ stream }: any) => stream);
    reportFailure(provider, error, names, name);
  }

  /** What timers cause is new again. */
  async #runOnce(): Promise<number> {
    this.#checkReactions();
    const { timers } = await this.#open();
    let total = 0;
    for (;;) {
      const pass: Pass = this.#pass = { fired: 0, errors: [] };
      timers.forget();
      try {
        total += await this.#handler.runOnce();
      } finally {
        this.#pass = undefined;
      }
      if (pass.errors.length > 0) throw pass.errors[0];
      if (pass.fired === 0) return total;
    }
  }

  async #get(id: string): Promise<ProcessInstance<any> | undefined> {
    const { runner } = await this.#open();
    const { version, state, ended, timers } = await runner.read(id);
    if (version === 0) return undefined;
    return {
      id,
      state,
      ended,
      timers: Object.fromEntries(
        [...timers.values()].map(({ name, at }) => [name, new Date(at)]),
      ),
    };
  }

  async #status(): Promise<ProcessStatus> {
    const { timers } = await this.#open();
    return {
      ...await this.#handler.status(),
      timers: await timers.read(),
    };
  }
}

function gone(name: string, timer: string): never {
  throw new StoreError(
    "INVALID_INPUT",
    `Process manager "${name}" has no reaction to timer "${timer}", which is set: give it back, under the same name`,
    { field: "timers", bookmark: name },
  );
}
