import type { Provider } from "../core/provider.ts";
import { ShardedHandler } from "../core/sharded_handler.ts";
import { sliceOf } from "../core/slices.ts";
import { Machine } from "../tests/simulation/machine.ts";
import { Random } from "../tests/simulation/random.ts";
import { Scheduler } from "../tests/simulation/scheduler.ts";
import { Store } from "../tests/simulation/store.ts";
import type { Trace } from "./sharding_figures.ts";
import { createClient } from "./simulator_client.ts";
import { createAggregates } from "./simulator_load.ts";
import type { Plan } from "./simulator_plan.ts";
import { Capacity } from "./simulator_process.ts";

const STREAM = "simulated";
/** A run that cannot end is over so long after the last event, in seconds. */
const PATIENCE = 600;

/** Within so many seconds the processes of the beginning are started. */
const STARTS = 2;

type Simulated = { machine: Machine; handler: ShardedHandler };

/**
 * Runs the library's own handlers, leases and slices on virtual time: only the
 * database, the network and what a callback does are models of themselves.
 *
 * @param plan What happens.
 * @returns What was handled when, by whom.
 * @throws {Error} If a handler fails, as nothing here makes it.
 */
export async function simulate(plan: Plan): Promise<Trace> {
  const run = new Simulation(plan);
  return await run.run();
}

class Simulation {
  #plan: Plan;
  #scheduler = new Scheduler();
  #random: Random;
  #store = new Store("locks", () => {});
  #trace: Trace = { appended: [], handled: [], ended: [] };
  #seen = new Set<number>();
  #living = new Map<number, Simulated>();
  #started = 0;
  #due = 0;
  #errors: unknown[] = [];
  #draw: () => string;

  constructor(plan: Plan) {
    this.#plan = plan;
    this.#random = new Random(plan.seed);
    this.#draw = createAggregates(plan.aggregates, plan.skew, this.#random);
  }

  async run(): Promise<Trace> {
    const { backlog, seconds, processes, kill, stop, add } = this.#plan;
    for (let event = 0; event < backlog; event++) this.#append();
    this.#arriveFrom(0);
    for (let process = 0; process < processes; process++) {
      this.#at(this.#random.next() * STARTS, () => this.#start());
    }
    for (const at of kill) this.#at(at, () => this.#end(true));
    for (const at of stop) this.#at(at, () => this.#end(false));
    for (const at of add) this.#at(at, () => this.#start());
    const isOver = () =>
      this.#errors.length > 0 ||
      this.#due === 0 && this.#seen.size === this.#trace.appended.length;
    await this.#scheduler.until(isOver, (seconds + PATIENCE) * 1000);
    if (this.#errors.length > 0) throw this.#errors[0];
    return this.#trace;
  }

  /** Something that has to happen before the run is over. */
  #at(second: number, run: () => void): void {
    this.#due++;
    this.#scheduler.in(second * 1000 - this.#scheduler.now, "", () => {
      this.#due--;
      run();
    });
  }

  #arriveFrom(second: number): void {
    const { seconds, eventsPerSecond } = this.#plan;
    if (eventsPerSecond === 0) return;
    const next = second + this.#random.interval(1 / eventsPerSecond);
    if (next > seconds) return this.#at(seconds, () => {});
    this.#at(next, () => {
      this.#append();
      this.#arriveFrom(next);
    });
  }

  #append(): void {
    const { now } = this.#scheduler;
    const aggregate = this.#draw();
    this.#store.append(STREAM, aggregate, ["Happened"], 0, now);
    const slice = sliceOf({ stream: STREAM, aggregateId: aggregate });
    this.#trace.appended.push({ aggregate, slice, at: now });
  }

  #start(): void {
    const process = this.#started++;
    const scheduler = this.#scheduler;
    const machine = new Machine(scheduler, this.#random, `p${process}`);
    const { computingPerEvent, millisecondsPerEvent, connections } = this.#plan;
    const thread = new Capacity(scheduler, machine, 1);
    const waits = new Capacity(scheduler, machine, connections);
    const client = createClient({
      plan: this.#plan,
      scheduler,
      machine,
      store: this.#store,
      thread,
      onError: (error) => this.#errors.push(error),
    });
    const handler = this.#createHandler(client, machine, async (position) => {
      await thread.use(computingPerEvent);
      await waits.use(millisecondsPerEvent);
      const event = position - 1;
      this.#seen.add(event);
      this.#trace.handled.push({ event, process, at: scheduler.now });
    });
    handler.start();
    this.#living.set(process, { machine, handler });
  }

  #createHandler(
    provider: Provider<any>,
    { clock }: Machine,
    handle: (position: number) => Promise<void>,
  ): ShardedHandler {
    const { checkpoint, shards, concurrency } = this.#plan;
    const handler = new ShardedHandler({
      bookmark: "simulated",
      streams: [STREAM],
      provider,
      shards,
      concurrency,
      checkpoint: { ms: checkpoint },
    }, clock);
    handler.subscribe(
      STREAM,
      "Happened",
      (_id, _event, { position }) => handle(position),
    );
    return handler;
  }

  /** Ends the oldest process. */
  #end(killed: boolean): void {
    const [oldest] = this.#living;
    if (!oldest) return;
    const [process, { machine, handler }] = oldest;
    this.#living.delete(process);
    this.#trace.ended.push({ process, at: this.#scheduler.now, killed });
    if (killed) machine.kill();
    else void handler.stop().then(() => machine.kill());
  }
}
