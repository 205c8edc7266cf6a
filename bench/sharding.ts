/**
 * Whether the simulator can be believed: the same plans by real processes on
 * real databases, and how far its predictions are from what they did.
 */
import {
  type FaultDatabase,
  findFaultDatabases,
} from "../tests/faults/databases.ts";
import {
  errorOf,
  type Figures,
  figuresOf,
  type Window,
} from "./sharding_figures.ts";
import { run } from "./sharding_run.ts";
import { simulate } from "./simulator.ts";
import { DEFAULT_PLAN, type Plan } from "./simulator_plan.ts";
import { toText } from "./simulator_report.ts";

/** So many seeds are simulated: of what chance decides the middle is told. */
const SEEDS = 15;
/** Speed is taken from here, when all processes have their share. */
const STEADY: Window = { from: 6000, to: 11_000 };

/** How a database is asked: the slower it is, the less. */
type Asked = {
  name: string;
  /** How long a callback waits, in milliseconds. */
  ms: number;
  /** Of how many things that it waits for a process has one each. */
  connections: number;
  /** How often a process looks for what is new, or how soon it is told of it. */
  look: number;
};

const asked: Asked[] = [
  { name: "PostgreSQL by pg", ms: 40, connections: 4, look: 50 },
  { name: "MongoDB", ms: 100, connections: 2, look: 5 },
  { name: "NATS", ms: 40, connections: 4, look: 5 },
];

/** A figure that is told of, and how it is written. */
type Row = {
  name: string;
  of: (figures: Figures) => number | undefined;
  write: (value: number) => string;
};

/**
 * Runs each database that there is.
 *
 * @param only What the name of a database begins with, in any case.
 * @param processes How many of them carry a backlog, one after the other.
 */
export async function runSharding(
  only: string,
  processes: number[],
  say: (line: string) => void,
): Promise<void> {
  for (const database of await findFaultDatabases()) {
    const how = asked.find(({ name }) => name === database.name);
    if (!how || !how.name.toLowerCase().includes(only.toLowerCase())) continue;
    const plan: Plan = {
      ...DEFAULT_PLAN,
      shards: 64,
      millisecondsPerEvent: how.ms,
      connections: how.connections,
      look: how.look,
    };
    say(`\n${database.name}`);
    const perSecond = how.connections * 1000 / how.ms;
    const compared = (part: Partial<Plan>, rows: Row[]) =>
      compare(database, { ...plan, ...part }, rows, say);
    const withBacklog = (count: number) => ({
      processes: count,
      backlog: Math.ceil(perSecond * count * 12),
      eventsPerSecond: 0,
      seconds: 0,
    });
    for (const count of processes) {
      await compared(withBacklog(count), carries);
    }
    say("\nOne of four is killed, with a backlog:");
    await compared({ ...withBacklog(4), kill: [8] }, repeats);
    say("\nOne of four is killed, one is started, one is stopped:");
    await compared({
      ...{ processes: 4, eventsPerSecond: perSecond * 1.2, seconds: 28 },
      ...{ kill: [8], add: [17], stop: [23] },
    }, survives);
  }
}

const wrong: Row[] = [
  { name: "missed", of: ({ missed }) => missed, write: String },
  { name: "out of order", of: ({ disordered }) => disordered, write: String },
];

const carries: Row[] = [
  {
    name: "events a second",
    of: ({ perSecond }) => perSecond,
    write: (value) => value.toFixed(0),
  },
  {
    name: "most slices of one",
    of: ({ slices }) => slices[0],
    write: String,
  },
  ...wrong,
];

const afterKill: Row = {
  name: "all slices go on after a kill",
  of: ({ takeOvers }) => takeOvers.find(({ killed }) => killed)?.most,
  write: toText,
};

const handledTwice: Row = {
  name: "handled twice",
  of: ({ repeated }) => repeated,
  write: (value) => value.toFixed(0),
};

const repeats: Row[] = [afterKill, handledTwice, ...wrong];

const survives: Row[] = [
  {
    name: "lag, median",
    of: ({ lag }) => lag.median,
    write: toText,
  },
  { name: "lag, p99", of: ({ lag }) => lag.p99, write: toText },
  { name: "lag, most", of: ({ lag }) => lag.most, write: toText },
  afterKill,
  {
    name: "all slices go on after a stop",
    of: ({ takeOvers }) => takeOvers.find(({ killed }) => !killed)?.most,
    write: toText,
  },
  {
    name: "most slices of one at the end",
    of: ({ slices }) => slices[0],
    write: String,
  },
  handledTwice,
  ...wrong,
];

async function compare(
  database: FaultDatabase,
  plan: Plan,
  rows: Row[],
  say: (line: string) => void,
): Promise<void> {
  // Behind the start, which for real processes takes as long as it takes.
  const window = plan.backlog > 0 ? STEADY : { from: 4000, to: Infinity };
  const { trace, costs } = await run(database, plan);
  const measured = figuresOf(trace, window);
  const predicted: Figures[] = [];
  for (let seed = 1; seed <= SEEDS; seed++) {
    const trace = await simulate({ ...plan, ...costs, seed });
    predicted.push(figuresOf(trace, window));
  }
  const { millisecondsPerEvent, roundTrip, commit } = costs;
  say(
    `${plan.processes} ${
      plan.processes === 1 ? "process" : "processes"
    }; a callback took ${millisecondsPerEvent.toFixed(1)} ms, a round trip ${
      roundTrip.toFixed(1)
    }, a commit ${commit.toFixed(1)}:`,
  );
  say(`${"".padEnd(38)}  predicted (by chance)      measured   error`);
  for (const { name, of, write } of rows) {
    const guesses = predicted.map((one) => of(one) ?? 0)
      .sort((one, other) => one - other);
    const guess = guesses[Math.floor(SEEDS / 2)]!;
    const [low, high] = [guesses[0]!, guesses.at(-1)!];
    const spread = low === high ? "" : ` (${write(low)} to ${write(high)})`;
    const found = of(measured);
    say(
      `${name.padEnd(38)}  ${(write(guess) + spread).padEnd(25)}  ${
        found === undefined ? "–" : write(found).padEnd(9)
      } ${found === undefined ? "" : toPercent(errorOf(guess, found))}`,
    );
  }
}

function toPercent(share: number): string {
  if (!Number.isFinite(share)) return "–";
  const text = (share * 100).toFixed(0);
  return `${share > 0 ? "+" : ""}${text} %`;
}
