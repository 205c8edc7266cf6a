import { StoreError } from "../../core/errors.ts";
import { isRetirement } from "../../core/handler_version.ts";
import { Application, CallbackFailed } from "./application.ts";
import { createDatabaseClient, type Watcher } from "./database.ts";
import { Ledger } from "./ledger.ts";
import { Machine } from "./machine.ts";
import { ConnectionLost, Network } from "./network.ts";
import type { Plant } from "./plant.ts";
import type { Random } from "./random.ts";
import type { Role } from "./role.ts";
import { isExclusive, isFaultless, type Scenario } from "./scenario.ts";
import type { Scheduler } from "./scheduler.ts";
import { DatabaseError, Store } from "./store.ts";

/** A process, which is started again after each of its lives. */
export type Process = {
  readonly name: string;
  readonly roles: Role[];
  lives: number;
  /** What runs; undefined while it is down. */
  application: Application | undefined;
};

const knownCodes = ["BOOKMARK_MOVED", "HANDLER_RETIRED", "TAKE_OVER_WAITS"];

/** The processes, and the database that they share. */
export class World {
  readonly scheduler: Scheduler;
  readonly random: Random;
  readonly scenario: Scenario;
  readonly ledger: Ledger;
  readonly store: Store;
  readonly network: Network;
  readonly processes: Process[];
  readonly #watchers: Set<Watcher> = new Set();
  readonly #plant: Plant;

  constructor(
    scheduler: Scheduler,
    random: Random,
    scenario: Scenario,
    plant: Plant,
  ) {
    this.scheduler = scheduler;
    this.random = random;
    this.scenario = scenario;
    this.#plant = plant;
    this.ledger = new Ledger(
      scenario.roles,
      (message) => scheduler.fail(message),
    );
    this.store = new Store(
      scenario.isolation,
      (what) => this.ledger.committed(what),
    );
    this.network = new Network(scheduler, random, this.store, {
      latency: scenario.latency,
      failures: scenario.faults.lostRequests,
    });
    this.processes = scenario.processes.map((roles, index) => ({
      name: `p${index + 1}`,
      roles,
      lives: 0,
      application: undefined,
    }));
  }

  /** The processes that are up, paused or not. */
  get up(): Process[] {
    return this.processes.filter(({ application }) => application);
  }

  /** Whether another process than this life's has a handler of the bookmark. */
  hasOther(name: string, bookmark: string): boolean {
    return this.processes.some(({ application, roles }) =>
      application?.machine.name !== name &&
      roles.some((role) => role.bookmark === bookmark) &&
      !application?.retired.has(bookmark)
    );
  }

  append(stream: string, aggregateId: string, types: string[]): void {
    const gap = this.random.chance(0.2) ? this.random.whole(1, 5) : 0;
    const { now } = this.scheduler;
    const events = this.store.append(stream, aggregateId, types, gap, now);
    this.ledger.appended(events);
    for (const { tell } of this.#watchers) if (this.random.chance(0.9)) tell();
  }

  /** Begins a life of a process. */
  start(process: Process): void {
    if (process.application) return;
    const name = `${process.name}.${++process.lives}`;
    this.scheduler.say(`${name} starts`);
    const machine = new Machine(this.scheduler, this.random, name);
    process.application = this.#createApplication(machine, process.roles);
    process.application.start();
  }

  /** Ends a life, between two instructions. */
  kill(process: Process): void {
    const { application } = process;
    if (!application) return;
    const { machine } = application;
    this.scheduler.say(`${machine.name} is killed`);
    process.application = undefined;
    machine.kill();
    this.network.disconnect(machine);
    for (const watcher of this.#watchersOf(machine)) {
      this.#watchers.delete(watcher);
    }
  }

  /** Ends a life as an application does that is told to. */
  async exit(process: Process): Promise<void> {
    const { application } = process;
    if (!application) return;
    const { machine } = application;
    this.scheduler.say(`${machine.name} is told to exit`);
    application.exiting = true;
    await application.stop();
    if (process.application !== application) return;
    this.scheduler.say(`${machine.name} exits`);
    process.application = undefined;
    this.#expectNothingLeft(application);
    machine.kill();
    // The application may be in the middle of a run of its own.
    this.network.disconnect(machine);
  }

  /** Stopped handlers wait for nothing, so that nothing keeps the process. */
  #expectNothingLeft({ machine, calls }: Application): void {
    const { name, timers, waiting } = machine;
    // What the application itself asked is its own affair.
    if (calls > 0) return;
    for (const { label } of timers) {
      this.scheduler.fail(`after stop() a timer is left: ${label}`);
    }
    if (waiting > 0) {
      this.scheduler.fail(`${name} waits for ${waiting} answers after stop()`);
    }
    if (this.#watchersOf(machine).length > 0) {
      this.scheduler.fail(`${name} still watches after stop()`);
    }
  }

  #watchersOf(machine: Machine): Watcher[] {
    return [...this.#watchers].filter((one) => one.machine === machine);
  }

  #createApplication(machine: Machine, roles: Role[]): Application {
    const { network, ledger, store, random } = this;
    const plain = createDatabaseClient({
      machine,
      network,
      store,
      ledger,
      limit: this.scenario.limit,
      transactions: this.scenario.transactions,
      watched: this.scenario.watch ? this.#watchers : undefined,
      onError: (error, _stream, bookmark, event) =>
        this.#report(machine, error, bookmark, event?.position),
      plant: this.#plant,
    });
    const { client, clock, callback } = this.#plant;
    return new Application({
      machine,
      clock: clock ? clock(machine.clock) : machine.clock,
      client: client ? client(plain) : plain,
      ...callback && { plant: callback },
      roles,
      isDeployed: ({ deployed = 0 }) => this.scheduler.now >= deployed,
      ledger,
      random,
      failed: (error, bookmark) => this.#report(machine, error, bookmark),
      threw: (error, event) =>
        network.unreported.set(error, { machine, event }),
    });
  }

  #report(
    machine: Machine,
    error: unknown,
    bookmark: string,
    position?: number,
  ): void {
    const known = error instanceof ConnectionLost ||
      error instanceof DatabaseError || error instanceof CallbackFailed ||
      (error instanceof StoreError && knownCodes.includes(error.code));
    if (!known && !isBehind(error)) {
      const text = error instanceof Error ? error.stack : String(error);
      this.scheduler.fail(`${machine.name} reports what nobody threw: ${text}`);
    }
    this.scheduler.say(`${machine.name} reports of ${bookmark}: ${error}`);
    const { unreported } = this.network;
    unreported.delete(error);
    // An event that fails twice in a row is reported once.
    for (const [error, failure] of unreported) {
      const { event } = failure;
      if (failure.machine !== machine) continue;
      if (event === `${bookmark} at ${position}`) unreported.delete(error);
    }
    this.ledger.failed(machine, bookmark);
    const role = this.scenario.roles.find((one) => one.bookmark === bookmark);
    const exclusive = isExclusive(this.scenario, role?.name ?? bookmark);
    const isHarmless = isBehind(error) || isRetirement(error);
    if (exclusive && isFaultless(this.scenario) && !isHarmless) {
      this.scheduler.fail(`${machine.name} fails without any fault: ${error}`);
    }
    if (position !== undefined && role?.options.continueOnError) {
      this.ledger.passedOver(bookmark, position);
    }
  }
}

/** `handled()` did not wait long enough, which says nothing about the handler. */
function isBehind(error: unknown): boolean {
  return error instanceof StoreError && error.code === "HANDLER_BEHIND";
}
