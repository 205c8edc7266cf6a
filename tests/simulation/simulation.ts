import { withoutAmbient } from "./ambient.ts";
import { Happenings } from "./happenings.ts";
import type { Plant } from "./plant.ts";
import { Random } from "./random.ts";
import {
  drawScenario,
  hasLanes,
  isExclusive,
  isFaultless,
} from "./scenario.ts";
import { Scheduler } from "./scheduler.ts";
import { Violation } from "./violation.ts";
import { World } from "./world.ts";

/** How long ownership may take once nothing goes wrong any more. */
const TAKE_OVER_MS = 10_000;
/** How long a handler waits at most after a failure. */
const RETRY_MS = 10_000;
/** How long what was begun before may still take. */
const LAST_WORK_MS = 4_000;
/** How long one event may take once nothing goes wrong any more. */
const EVENT_MS = 200;
/** How long ownership may take after it was given back. */
const HAND_OVER_MS = 2_000;
/** How long a stop may take. */
const STOP_MS = 5_000;

export type SimulationOptions = {
  /** How many steps are made before the faults cease. */
  steps: number;
  plant?: Plant;
  /** Receives each line of the trace. */
  print?: (line: string) => void;
};

/** What became of a simulation. */
export type Outcome = {
  seed: number;
  steps: number;
  /** Virtual time, in milliseconds. */
  time: number;
  /** The same for every run of a seed. */
  fingerprint: string;
  /** What happened that must not, if anything did. */
  violation: string | undefined;
  /** The last lines of the trace. */
  trace: string[];
};

/** Runs the simulation that a seed stands for. */
export async function simulate(
  seed: number,
  { steps, plant = {}, print }: SimulationOptions,
): Promise<Outcome> {
  const scheduler = new Scheduler(print);
  const random = new Random(seed);
  const scenario = drawScenario(random, steps, plant.faults);
  print?.(JSON.stringify(scenario));
  const world = new World(scheduler, random, scenario, plant);
  const putBack = plant.replace?.();
  let violation: string | undefined;
  try {
    await withoutAmbient(
      (message) => scheduler.fail(message),
      () => run(world),
    );
  } catch (error) {
    if (!(error instanceof Violation)) throw error;
    violation = error.message;
  } finally {
    putBack?.();
  }
  const { steps: made, now: time, fingerprint, trace } = scheduler;
  return { seed, steps: made, time, fingerprint, violation, trace };
}

async function run(world: World): Promise<void> {
  const { scheduler, scenario } = world;
  const happenings = new Happenings(world);
  for (const process of world.processes) world.start(process);
  happenings.begin();
  const isDone = () => scheduler.steps >= scenario.steps;
  await scheduler.until(isDone, Infinity);
  happenings.end();
  scheduler.say("faults cease");
  const areUp = () =>
    world.processes.every(({ application }) =>
      application && !application.exiting
    );
  // Not all at once: somebody may have been told to exit just now.
  await scheduler.until(() => false, scheduler.now + 1000);
  await scheduler.until(areUp, scheduler.now + STOP_MS + 5000);
  await catchUp(world);
  await handOver(world, happenings);
  await end(world);
}

/** Faults have ceased: somebody owns each bookmark, and handles all there is. */
async function catchUp({ scheduler, scenario, ledger, processes }: World) {
  const { now } = scheduler;
  const bookmarks = scenario.roles.map(({ bookmark }) => bookmark);
  const areOwned = () =>
    scenario.roles.every(({ bookmark, options: { exclusive = true } }) =>
      !exclusive || ledger.isRetired(bookmark) ||
      processes.some(({ application }) =>
        application?.machine === ledger.owner(bookmark) &&
        application?.runs(bookmark)
      )
    );
  const latest = now + TAKE_OVER_MS + LAST_WORK_MS;
  if (!await scheduler.until(areOwned, latest)) {
    throw new Violation(
      `nobody took over within ${latest - now} ms: ${bookmarks}`,
    );
  }
  const behind = () =>
    bookmarks.reduce((sum, bookmark) => sum + ledger.behind(bookmark), 0);
  const caughtUp = now + TAKE_OVER_MS + RETRY_MS + LAST_WORK_MS +
    behind() * EVENT_MS;
  if (!await scheduler.until(() => behind() === 0, caughtUp)) {
    throw new Violation(
      `${behind()} events wait ${caughtUp - now} ms after faults have ceased`,
    );
  }
}

/** A process exits, and the others take over what it owned. */
async function handOver(world: World, happenings: Happenings): Promise<void> {
  const { scheduler, processes, ledger, scenario } = world;
  const [leaving] = world.random.shuffle([...processes]);
  await exit(world, leaving!);
  const { now } = scheduler;
  for (let count = 0; count < 5; count++) happenings.append();
  const left = scenario.roles.filter(({ bookmark }) =>
    processes.some(({ application }) => application?.runs(bookmark))
  );
  const poll = Math.max(...left.map(({ options }) => options.poll ?? 1000));
  const behind = () =>
    left.reduce((sum, { bookmark }) => sum + ledger.behind(bookmark), 0);
  const latest = now + HAND_OVER_MS + poll + behind() * EVENT_MS;
  if (left.length > 0 && !await scheduler.until(() => behind() === 0, latest)) {
    throw new Violation(
      `${behind()} events wait ${latest - now} ms after ${leaving!.name} left`,
    );
  }
}

async function exit(world: World, process: World["processes"][number]) {
  const { now } = world.scheduler;
  world.scheduler.in(0, `${process.name} is to exit`, () => {
    world.exit(process);
  });
  const isDown = () => process.application === undefined;
  if (!await world.scheduler.until(isDown, now + STOP_MS)) {
    throw new Violation(`${process.name} has not stopped after ${STOP_MS} ms`);
  }
}

/** Everybody leaves, and nothing is left. */
async function end(world: World): Promise<void> {
  const { scheduler, network, ledger, scenario } = world;
  for (const process of world.processes) await exit(world, process);
  await scheduler.until(() => false, scheduler.now + 120_000);
  for (const [error, { machine }] of network.unreported) {
    throw new Violation(`${machine.name} never reported: ${error}`);
  }
  if (!isFaultless(scenario)) return;
  for (const { bookmark, name = bookmark, options } of scenario.roles) {
    const { concurrency = 1 } = options;
    if (!isExclusive(scenario, name) || concurrency > 1) continue;
    if (ledger.repeated(bookmark) > 0) {
      throw new Violation(`${bookmark} was handled twice without any fault`);
    }
    if (ledger.twiceLive(bookmark) > 0 && !hasLanes(scenario, name)) {
      throw new Violation(`${bookmark} was live twice without any fault`);
    }
  }
}
