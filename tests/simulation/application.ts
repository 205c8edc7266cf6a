import type { Clock } from "../../core/clock.ts";
import { EventHandler } from "../../core/event_handler.ts";
import type { StoreEvent } from "../../core/event.ts";
import type { DatabaseClient } from "./database.ts";
import type { Ledger } from "./ledger.ts";
import type { Machine } from "./machine.ts";
import type { Handle, Plant } from "./plant.ts";
import type { Random } from "./random.ts";
import type { Role } from "./role.ts";
import type { Transaction } from "./store.ts";

/** What a callback of a simulated application throws. */
export class CallbackFailed extends Error {
  override name = "CallbackFailed";
}

/** What an application is made of. */
export type ApplicationOptions = {
  machine: Machine;
  clock: Clock;
  client: DatabaseClient;
  roles: readonly Role[];
  ledger: Ledger;
  random: Random;
  /** Stands between each callback and the handler. */
  plant?: NonNullable<Plant["callback"]>;
  /** Whether there is a role already. */
  isDeployed(role: Role): boolean;
  /** Told of what a call throws at the application. */
  failed: (error: unknown, bookmark: string) => void;
  /** Told of what a callback throws, before the handler is. */
  threw: (error: unknown, event: string) => void;
};

/** The handlers of one life of a process. */
export class Application {
  readonly machine: Machine;
  readonly handlers: Map<string, EventHandler> = new Map();
  readonly #options: ApplicationOptions;
  /** The bookmarks whose handlers are stopped for the rest of this life. */
  readonly retired: Set<string> = new Set();
  /** Calls of the application's own that are not answered yet. */
  calls = 0;
  /** Whether the process is about to exit: nobody starts a handler any more. */
  exiting = false;

  constructor(options: ApplicationOptions) {
    this.#options = options;
    this.machine = options.machine;
    for (const role of options.roles) {
      this.handlers.set(role.bookmark, this.#create(role));
    }
  }

  start(): void {
    for (const bookmark of this.handlers.keys()) this.startOne(bookmark);
  }

  /** Whether it has a handler of the bookmark that is not stopped for good. */
  runs(bookmark: string): boolean {
    const role = this.#options.roles.find((one) => one.bookmark === bookmark);
    return role !== undefined && this.#options.isDeployed(role) &&
      !this.retired.has(bookmark);
  }

  /** Starts one handler. */
  startOne(bookmark: string): void {
    if (this.exiting || !this.runs(bookmark)) return;
    this.handlers.get(bookmark)!.start();
  }

  /** Stops one handler. */
  async stopOne(bookmark: string): Promise<void> {
    await this.handlers.get(bookmark)!.stop();
    this.#options.ledger.stopped(this.machine, bookmark);
  }

  /** Stops every handler. */
  async stop(): Promise<void> {
    await Promise.all(
      [...this.handlers.keys()].map((bookmark) => this.stopOne(bookmark)),
    );
  }

  /** Runs a handler once, whoever owns the bookmark. */
  async runOnce(bookmark: string): Promise<void> {
    if (!this.runs(bookmark)) return;
    const done = this.#options.ledger.runsOnce(this.machine, bookmark);
    await this.#call(bookmark, (handler) => handler.runOnce());
    done();
  }

  /** Waits until an event is handled, here or elsewhere. */
  async isHandled(bookmark: string, event: StoreEvent<any>): Promise<void> {
    const { stream, aggregateId, version, position } = event;
    const { roles, ledger } = this.#options;
    const role = roles.find((one) => one.bookmark === bookmark)!;
    if (!role.streams.includes(stream)) return;
    await this.#call(bookmark, async (handler) => {
      await handler.handled(stream, aggregateId, version, { timeout: 3000 });
      ledger.saidToBeHandled(bookmark, position);
    });
  }

  async status(bookmark: string): Promise<void> {
    await this.#call(bookmark, async (handler) => {
      const { position } = await handler.status();
      this.#options.ledger.saidToStandAt(bookmark, position);
    });
  }

  async setPosition(bookmark: string): Promise<void> {
    const { roles } = this.#options;
    const role = roles.find((one) => one.bookmark === bookmark)!;
    // Beside a transaction that moves the bookmark one of the two fails.
    if (role.options.transactional) return;
    await this.#call(bookmark, (handler) => handler.setPosition());
  }

  /** A call whose failure comes to the application itself. */
  async #call(
    bookmark: string,
    call: (handler: EventHandler) => Promise<unknown>,
  ): Promise<void> {
    this.calls++;
    try {
      await call(this.handlers.get(bookmark)!);
    } catch (error) {
      this.#options.failed(error, bookmark);
    }
    this.calls--;
  }

  #create(role: Role): EventHandler {
    const { clock, client, plant } = this.#options;
    const { bookmark, name = bookmark, streams, types, options, batch } = role;
    const handler = new EventHandler(
      { ...options, bookmark: name, streams, provider: client },
      clock,
    );
    const handle: Handle = (events, tx) => this.#handle(role, events, tx);
    const handleOrNot = plant ? plant(handle) : handle;
    if (batch !== undefined) {
      handler.subscribeBatch(handleOrNot, { size: batch });
      return handler;
    }
    for (const stream of streams) {
      for (const type of types) {
        handler.subscribe(
          stream,
          type,
          (aggregateId, event, meta, tx) =>
            handleOrNot([{ ...meta, aggregateId, event }], tx),
        );
      }
    }
    return handler;
  }

  /** What every callback does: it works for a while, and now and then it fails. */
  async #handle(
    role: Role,
    events: StoreEvent<any>[],
    tx: Transaction | undefined,
  ): Promise<void> {
    const { machine, client, ledger, random, threw } = this.#options;
    const { bookmark, work: [low, high], failures } = role;
    const { position } = events.at(-1)!;
    for (const event of events) ledger.began(machine, bookmark, event);
    try {
      const fails = random.chance(failures);
      await machine.work(
        random.magnitude(low, high),
        `worked at ${position} for ${bookmark}`,
      );
      if (fails) throw new CallbackFailed(`${bookmark} at ${position}`);
      for (const event of tx ? events : []) {
        const { position, replay = false } = event;
        await client.effect(tx!, { bookmark, position, replay });
      }
    } catch (error) {
      for (const event of events) ledger.threw(machine, bookmark, event);
      threw(error, `${bookmark} at ${position}`);
      throw error;
    }
    for (const event of events) ledger.ended(machine, bookmark, event);
  }
}
