import type { Random } from "./random.ts";
import { eventTypes } from "./scenario.ts";
import type { Process, World } from "./world.ts";

/** Lets things happen to a world, good and bad, until it is to be calm. */
export class Happenings {
  #world: World;
  #random: Random;
  #ended = false;

  constructor(world: World) {
    this.#world = world;
    this.#random = world.random;
  }

  begin(): void {
    const { faults, events } = this.#world.scenario;
    for (const { bookmark, deployed = 0 } of this.#world.scenario.roles) {
      if (deployed > 0) this.#deployRole(bookmark, deployed);
    }
    this.#every(events.appends, "somebody appends", () => this.append());
    this.#every(events.deployments, "a deployment", () => this.#deploy());
    this.#every(events.stops, "a stop", () => this.#stopOne());
    this.#every(events.runsOnce, "a run", () => this.#runOnce());
    this.#every(events.resets, "a reset", () => this.#reset());
    this.#every(events.questions, "a question", () => this.#ask());
    this.#every(faults.kills, "a kill", () => this.#kill());
    this.#every(faults.pauses, "a pause", () => this.#pause());
    this.#every(faults.stalls, "a stall", () => this.#stall());
    this.#every(faults.cuts, "a cut", () => this.#cut());
    this.#every(faults.clockChanges, "a clock", () => this.#setClock());
  }

  /** Nothing happens from now on, and what went wrong is put right. */
  end(): void {
    this.#ended = true;
    const { processes, network, scheduler, scenario } = this.#world;
    network.conditions.failures = 0;
    while (network.gate.closed) network.gate.open();
    network.conditions.latency = [0.5, 20];
    for (const role of scenario.roles) {
      role.deployed = 0;
      role.failures = 0;
      role.work = [0.1, 5];
    }
    for (const process of processes) {
      const machine = process.application?.machine;
      while (machine?.gate.closed) machine.gate.open();
      if (machine?.paused) machine.resume();
      scheduler.in(this.#random.magnitude(1, 1000), "all is up again", () => {
        this.#world.start(process);
        // A handler that was stopped by itself is started again too.
        process.application?.start();
      });
    }
  }

  append(): void {
    const { scenario } = this.#world;
    const length = this.#random.pick([1, 1, 1, 2, 4]);
    this.#world.append(
      this.#random.pick(scenario.streams),
      `a${this.#random.whole(1, scenario.aggregates)}`,
      Array.from({ length }, () => this.#random.pick(eventTypes)),
    );
  }

  #every(mean: number, what: string, happen: () => void): void {
    if (mean === Infinity) return;
    this.#world.scheduler.in(this.#random.interval(mean), what, () => {
      if (this.#ended) return;
      happen();
      this.#every(mean, what, happen);
    });
  }

  #later(low: number, high: number, what: string, happen: () => void): void {
    const { scheduler } = this.#world;
    scheduler.in(this.#random.magnitude(low, high), what, () => {
      if (!this.#ended) happen();
    });
  }

  /** A process that is up and does not stand still. */
  #running(): Process | undefined {
    const { up } = this.#world;
    const running = up.filter(({ application }) =>
      !application!.machine.paused
    );
    return running.length > 0 ? this.#random.pick(running) : undefined;
  }

  /** Where a process stands still or is down, it has it from its next start. */
  #deployRole(bookmark: string, deployed: number): void {
    const { scheduler, processes } = this.#world;
    scheduler.in(deployed, `${bookmark} is deployed`, () => {
      for (const { application } of processes) {
        application?.machine.receive(() => application.startOne(bookmark));
      }
    });
  }

  #deploy(): void {
    const process = this.#running();
    if (!process) return;
    const { scheduler } = this.#world;
    const pause = this.#random.magnitude(1, 5_000);
    this.#world.exit(process).then(() =>
      scheduler.in(pause, `${process.name} is to start`, () => {
        this.#world.start(process);
      })
    );
  }

  #stopOne(): void {
    const application = this.#running()?.application;
    if (!application) return;
    const bookmark = this.#random.pick([...application.handlers.keys()]);
    if (!bookmark) return;
    const { name } = application.machine;
    this.#world.scheduler.say(`${name} is told to stop ${bookmark}`);
    const stopped = application.stopOne(bookmark);
    // It may leave the work to the others for good.
    if (this.#random.chance(0.2) && this.#world.hasOther(name, bookmark)) {
      application.retired.add(bookmark);
      return;
    }
    const startAgain = () =>
      this.#later(0.1, 5_000, `${name} is to start ${bookmark}`, () => {
        application.machine.receive(() => application.startOne(bookmark));
      });
    // A start need not wait for the stop before it.
    if (this.#random.chance(0.3)) startAgain();
    else stopped.then(startAgain);
  }

  #runOnce(): void {
    const application = this.#running()?.application;
    if (!application) return;
    const bookmark = this.#random.pick([...application.handlers.keys()]);
    if (bookmark) application.runOnce(bookmark);
  }

  #reset(): void {
    const application = this.#running()?.application;
    if (!application) return;
    const handler = this.#random.pick([...application.handlers.values()]);
    handler?.reset();
  }

  #ask(): void {
    const application = this.#running()?.application;
    if (!application) return;
    const bookmark = this.#random.pick([...application.handlers.keys()]);
    const event = this.#random.pick(this.#world.store.log.slice(-20));
    if (!bookmark || !event) return;
    const question = this.#random.pick([
      () => application.isHandled(bookmark, event),
      () => application.status(bookmark),
      () => application.setPosition(bookmark),
    ]);
    question();
  }

  #kill(): void {
    const { up } = this.#world;
    if (up.length === 0) return;
    const process = this.#random.pick(up);
    this.#world.kill(process);
    this.#later(10, 20_000, `${process.name} is to start`, () => {
      this.#world.start(process);
    });
  }

  #pause(): void {
    const machine = this.#running()?.application?.machine;
    if (!machine) return;
    const { suspends } = this.#world.scenario.faults;
    const clockStops = suspends && this.#random.chance(0.5);
    this.#world.scheduler.say(
      `${machine.name} stands still${clockStops ? ", and its clock" : ""}`,
    );
    machine.pause(clockStops);
    this.#later(5, 90_000, `${machine.name} goes on`, () => machine.resume());
  }

  #stall(): void {
    const { network: { gate } } = this.#world;
    gate.close();
    this.#later(10, 12_000, "the stall ends", () => gate.open());
  }

  #cut(): void {
    const machine = this.#running()?.application?.machine;
    if (!machine) return;
    machine.gate.close();
    this.#later(10, 12_000, `${machine.name} is reached again`, () => {
      machine.gate.open();
    });
  }

  #setClock(): void {
    const machine = this.#running()?.application?.machine;
    if (!machine) return;
    const direction = this.#random.pick([-1, 1]);
    machine.setWallClock(direction * this.#random.magnitude(10, 3_600_000));
    this.#world.scheduler.say(`the wall clock of ${machine.name} is set`);
  }
}
