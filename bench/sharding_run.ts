import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { sliceOf } from "../core/slices.ts";
import { createPlace, type FaultDatabase } from "../tests/faults/databases.ts";
import { openStore } from "../tests/faults/open_store.ts";
import type { FullProvider } from "../tests/faults/stores/store.ts";
import { TaskProcess } from "../tests/faults/task_process.ts";
import { Random } from "../tests/simulation/random.ts";
import { spreadOf } from "./rounds.ts";
import type { Trace } from "./sharding_figures.ts";
import { now, STREAM } from "./sharding_work.ts";
import { createAggregates } from "./simulator_load.ts";
import type { Plan } from "./simulator_plan.ts";

const WORKER = new URL("sharding_worker.ts", import.meta.url).href;
/** After so many seconds without an event nobody will handle what is left. */
const PATIENCE = 60;
/** How many appends of the backlog are under way at once. */
const AT_ONCE = 64;

type Worker = { process: number; child: TaskProcess<null>; path: string };

/** What a machine, a database and its disk took for each thing in a run. */
export type Costs = Pick<
  Plan,
  "millisecondsPerEvent" | "roundTrip" | "commit"
>;

/**
 * Does what a plan says, by processes and a database that are real.
 *
 * @returns What happened, and what each thing took meanwhile.
 */
export async function run(
  database: FaultDatabase,
  plan: Plan,
): Promise<{ trace: Trace; costs: Costs }> {
  const { address, remove } = await createPlace(database);
  const store = await openStore(address);
  const folder = mkdtempSync(join(tmpdir(), "evtstore-sharding-"));
  const real = new Run(store.provider, address, folder, plan);
  try {
    return await real.run();
  } finally {
    await real.end();
    await store.close();
    await remove();
    rmSync(folder, { recursive: true });
  }
}

class Run {
  #provider: FullProvider;
  #address: string;
  #folder: string;
  #plan: Plan;
  #workers: Worker[] = [];
  #living: Worker[] = [];
  #ended: Trace["ended"] = [];
  #appendedAt: number[] = [];
  #versions: Map<string, number> = new Map();
  #appending: Map<string, Promise<unknown>> = new Map();
  #count = 0;
  #random: Random;
  #draw: () => string;
  #start = 0;
  #roundTrips: number[] = [];
  #commits: number[] = [];

  constructor(
    provider: FullProvider,
    address: string,
    folder: string,
    plan: Plan,
  ) {
    this.#provider = provider;
    this.#address = address;
    this.#folder = folder;
    this.#plan = plan;
    this.#random = new Random(plan.seed);
    this.#draw = createAggregates(plan.aggregates, plan.skew, this.#random);
  }

  async run(): Promise<{ trace: Trace; costs: Costs }> {
    const { backlog, seconds, processes, kill, stop, add } = this.#plan;
    for (let stored = 0; stored < backlog; stored++) {
      this.#append();
      if (stored % AT_ONCE === 0) await this.#stored();
    }
    await this.#stored();
    await Promise.all(
      Array.from({ length: processes }, () => this.#begin()),
    );
    this.#start = now();
    const happenings = [
      ...kill.map((at) => this.#at(at, () => this.#kill())),
      ...stop.map((at) => this.#at(at, () => this.#stop())),
      ...add.map((at) => this.#at(at, () => this.#begin())),
    ];
    const stopping = new AbortController();
    const looking = this.#look(stopping.signal);
    await this.#arrive(seconds);
    await Promise.all([...happenings, this.#stored()]);
    await this.#handled();
    stopping.abort();
    await looking;
    const trace = await this.#trace();
    return { trace, costs: this.#costs() };
  }

  /** Ends what is left. */
  async end(): Promise<void> {
    for (const { child } of this.#workers) await child.remove();
  }

  async #at(second: number, work: () => Promise<void>): Promise<void> {
    await sleep(Math.max(0, this.#start + second * 1000 - now()));
    await work();
  }

  async #arrive(seconds: number): Promise<void> {
    const { eventsPerSecond } = this.#plan;
    const end = this.#start + seconds * 1000;
    let next = this.#start;
    while (eventsPerSecond > 0) {
      next += this.#random.interval(1000 / eventsPerSecond);
      if (next > end) break;
      const wait = next - now();
      if (wait > 0) await sleep(wait);
      this.#append();
    }
    await sleep(Math.max(0, end - now()));
  }

  /** Measures a question and a write now and then. */
  async #look(stop: AbortSignal): Promise<void> {
    const provider = this.#provider;
    const timed = async (times: number[], work: () => Promise<unknown>) => {
      const start = now();
      await work();
      times.push(now() - start);
    };
    for (let look = 0; !stop.aborted; look++) {
      await timed(this.#roundTrips, () => provider.getPosition("nobody"));
      await timed(
        this.#commits,
        () => provider.records.put("look", String(look), {}, { revision: 0 }),
      );
      await sleep(250);
    }
  }

  #costs(): Costs {
    const took = this.#lines().map(({ took }) => took);
    return {
      millisecondsPerEvent: took.reduce((sum, one) => sum + one, 0) /
        took.length,
      roundTrip: middle(this.#roundTrips),
      commit: middle(this.#commits),
    };
  }

  /** Appends to an aggregate, behind what is on its way there. */
  #append(): void {
    const aggregate = this.#draw();
    const n = this.#count++;
    const before = this.#appending.get(aggregate) ?? Promise.resolve();
    this.#appending.set(
      aggregate,
      before.then(async () => {
        const version = (this.#versions.get(aggregate) ?? 0) + 1;
        this.#versions.set(aggregate, version);
        const stored = this.#provider.createEvents(
          ...[STREAM, aggregate, version] as const,
          [{ type: "Happened", n }],
        );
        await this.#provider.append(STREAM, aggregate, version, stored);
        this.#appendedAt[n] = now();
      }),
    );
  }

  async #stored(): Promise<void> {
    await Promise.all(this.#appending.values());
    this.#appending.clear();
  }

  async #begin(): Promise<void> {
    const process = this.#workers.length;
    const path = join(this.#folder, String(process));
    const { shards, millisecondsPerEvent, connections } = this.#plan;
    const child = new TaskProcess<null>(WORKER, [
      ...[this.#address, path],
      ...[shards, millisecondsPerEvent, connections].map(String),
    ]);
    const worker = { process, child, path };
    this.#workers.push(worker);
    this.#living.push(worker);
    await child.hear("ready");
  }

  async #kill(): Promise<void> {
    const { process, child } = this.#living.shift()!;
    await child.remove();
    this.#ended.push({ process, at: now(), killed: true });
  }

  async #stop(): Promise<void> {
    const { process, child } = this.#living.shift()!;
    this.#ended.push({ process, at: now(), killed: false });
    await child.finish();
  }

  /** Waits until everything is handled, or nothing has been for a while. */
  async #handled(): Promise<void> {
    let count = -1;
    for (let idle = 0; idle < PATIENCE; idle++) {
      const handled = this.#lines().length;
      if (new Set(this.#lines().map(({ n }) => n)).size === this.#count) break;
      if (handled !== count) idle = 0;
      count = handled;
      await sleep(1000);
    }
    for (const { child } of this.#living) await child.finish();
  }

  #lines(): { process: number; n: number; at: number; took: number }[] {
    return this.#workers.flatMap(({ process, path }) => {
      if (!existsSync(path)) return [];
      const lines = readFileSync(path, "utf8").split("\n");
      // The last one is empty, or was cut.
      return lines.slice(0, -1).map((line) => {
        const [n, at, took] = line.split(" ").map(Number);
        return { process, n: n!, at: at!, took: took! };
      });
    });
  }

  /** By the order of the log, which numbers need not have. */
  async #trace(): Promise<Trace> {
    const places = new Map<number, number>();
    const appended: Trace["appended"] = [];
    let position = await this.#provider.getPosition("nobody");
    while (true) {
      const page = await this.#provider.getEventsFrom(STREAM, position);
      if (page.length === 0) break;
      position = page.at(-1)!.position;
      for (const stored of page) {
        const { n } = stored.event;
        places.set(n, appended.length);
        appended.push({
          aggregate: stored.aggregateId,
          slice: sliceOf(stored),
          at: this.#appendedAt[n]! - this.#start,
        });
      }
    }
    const handled = this.#lines().map(({ process, n, at }) => ({
      process,
      event: places.get(n)!,
      at: at - this.#start,
    }));
    handled.sort((one, other) => one.at - other.at);
    const ended = this.#ended.map((one) => ({
      ...one,
      at: one.at - this.#start,
    }));
    return { appended, handled, ended };
  }
}

function middle(values: number[]): number {
  return spreadOf(values).median;
}
