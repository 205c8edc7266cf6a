import type { Random } from "./random.ts";
import type { Role } from "./role.ts";
import type { Isolation } from "./store.ts";

/** What can go wrong; how often, as the mean time between in milliseconds. */
export type Faults = {
  /** A process is killed, and started again later. */
  kills: number;
  /** A process stands still for a while. */
  pauses: number;
  /** Whether a machine is suspended: its monotonic clock stands still too. */
  suspends: boolean;
  /** The database answers nobody for a while. */
  stalls: number;
  /** One process and the database do not reach each other for a while. */
  cuts: number;
  /** Somebody sets the wall clock of a process. */
  clockChanges: number;
  /** How often a request or its answer is lost. */
  lostRequests: number;
  /** How often a callback throws. */
  callbackFailures: number;
};

/** What does not go wrong, but happens: mean times between, in milliseconds. */
export type Events = {
  /** Somebody appends. */
  appends: number;
  /** A process stops its handlers, exits and is started again. */
  deployments: number;
  /** One handler is stopped, and started again. */
  stops: number;
  /** An application calls `runOnce` by itself. */
  runsOnce: number;
  /** An application calls `reset`. */
  resets: number;
  /** An application asks how far a handler is. */
  questions: number;
};

/** Everything about a run that is drawn before it begins. */
export type Scenario = {
  /** Which roles each process has. */
  processes: Role[][];
  roles: Role[];
  streams: string[];
  aggregates: number;
  isolation: Isolation;
  /** Whether the provider has transactions. */
  transactions: boolean;
  /** The most events of a page. */
  limit: number;
  /** Whether processes are told of new events. */
  watch: boolean;
  latency: [number, number];
  faults: Faults;
  events: Events;
  /** How many steps are made before the faults cease. */
  steps: number;
};

export const eventTypes: string[] = ["Opened", "Changed", "Closed"];
const never = Infinity;

/** No faults at all: then no event is handled twice. */
export const faultless: Faults = {
  kills: never,
  pauses: never,
  suspends: false,
  stalls: never,
  cuts: never,
  clockChanges: never,
  lostRequests: 0,
  callbackFailures: 0,
};

/**
 * Draws a scenario; each kind of fault is in about half of them.
 *
 * @param wanted Faults that it has in any case.
 */
export function drawScenario(
  random: Random,
  steps: number,
  wanted: Partial<Faults> = {},
): Scenario {
  const streams = ["orders", "carts", "users"].slice(0, random.whole(1, 3));
  const faulty = random.chance(0.8);
  const sometimes = (low: number, high: number) =>
    faulty && random.chance(0.5) ? random.magnitude(low, high) : never;
  const share = (high: number) =>
    faulty && random.chance(0.5) ? random.magnitude(high / 100, high) : 0;
  const callbackFailures = wanted.callbackFailures ?? share(0.1);
  const roles = Array.from(
    { length: random.whole(1, 3) },
    (_, index) =>
      drawRole(random, `model ${index + 1}`, streams, callbackFailures),
  );
  const processes = Array.from(
    { length: random.whole(2, 4) },
    () => roles.filter(() => random.chance(0.8)),
  );
  processes[0] = roles;
  if (random.chance(0.4)) addVersions(random, roles, processes);
  const faults: Faults = {
    kills: sometimes(2_000, 60_000),
    pauses: sometimes(1_000, 30_000),
    suspends: random.chance(0.5),
    stalls: sometimes(5_000, 60_000),
    cuts: sometimes(5_000, 60_000),
    clockChanges: sometimes(5_000, 60_000),
    lostRequests: share(0.1),
    callbackFailures,
    ...wanted,
  };
  // Only together can they hide from a process how long it stood still.
  if (faults.clockChanges !== never) faults.suspends = false;
  return {
    processes,
    roles,
    streams,
    aggregates: random.whole(1, 5),
    isolation: random.pick(["locks", "conflicts"]),
    transactions: roles.some(({ options }) => options.transactional) ||
      random.chance(0.5),
    limit: random.pick([1, 2, 3, 5, 10, 100]),
    watch: random.chance(0.5),
    latency: random.pick([[0.1, 3], [0.5, 50], [0.1, 500], [5, 20]]),
    faults,
    events: {
      appends: random.magnitude(50, 2_000),
      deployments: random.chance(0.5) ? random.magnitude(5_000, 60_000) : never,
      stops: random.chance(0.5) ? random.magnitude(2_000, 60_000) : never,
      runsOnce: random.chance(0.3) ? random.magnitude(2_000, 30_000) : never,
      resets: random.chance(0.3) ? random.magnitude(2_000, 30_000) : never,
      questions: random.chance(0.3) ? random.magnitude(500, 10_000) : never,
    },
    steps,
  };
}

function drawRole(
  random: Random,
  bookmark: string,
  streams: string[],
  failures: number,
): Role {
  const transactional = random.chance(0.4);
  const inBatches = random.chance(0.2);
  const own = streams.filter(() => random.chance(0.7));
  return {
    bookmark,
    streams: own.length > 0 ? own : streams,
    // A batch has all types.
    types: eventTypes.slice(0, inBatches ? 3 : random.whole(1, 3)),
    ...inBatches && { batch: random.whole(1, 10) },
    options: {
      transactional,
      continueOnError: !inBatches && random.chance(0.3),
      ...!transactional && !inBatches && random.chance(0.3) && {
        concurrency: random.whole(2, 5),
      },
      ...random.chance(0.2) && { exclusive: false },
      ...random.chance(0.3) && { poll: random.whole(50, 2000) },
      ...random.chance(0.5) && {
        checkpoint: {
          ...random.chance(0.5) && { events: random.whole(1, 5) },
          ...random.chance(0.5) && { ms: random.whole(10, 2000) },
        },
      },
    },
    work: random.pick([[0.1, 2], [1, 100], [0.1, 3000]]),
    failures,
  };
}

/** Later versions of a role, each deployed some time after the one before. */
function addVersions(
  random: Random,
  roles: Role[],
  processes: Role[][],
): void {
  const [first] = roles;
  const { bookmark, streams, failures } = first!;
  const name = bookmark;
  roles[0] = { ...first!, name };
  let deployed = 0;
  const versions = [2, 3].slice(0, random.whole(1, 2)).map((version) => {
    const role = drawRole(
      random,
      `${name}@version-${version}`,
      streams,
      failures,
    );
    deployed += random.magnitude(10, 60_000);
    const { exclusive: _, ...options } = role.options;
    return { ...role, name, deployed, options: { ...options, version } };
  });
  roles.push(...versions);
  processes.forEach((own, index) => {
    const isFirst = own === roles;
    const rest = own.map((role) => role === first ? roles[0]! : role);
    const deployedHere = versions.filter(() => random.chance(0.7));
    processes[index] = isFirst ? roles : [...rest, ...deployedHere];
  });
}

/** Whether no version of a handler shares its work with others. */
export function isExclusive({ roles }: Scenario, wanted: string): boolean {
  return roles.every(({ bookmark, name = bookmark, options }) =>
    name !== wanted || options.exclusive !== false
  );
}

/** Whether a version of a handler repeats at a stop what was out of order. */
export function hasLanes({ roles }: Scenario, wanted: string): boolean {
  return roles.some(({ bookmark, name = bookmark, options }) =>
    name === wanted && (options.concurrency ?? 1) > 1
  );
}

/** Whether nothing happens that makes an event come twice. */
export function isFaultless({ faults, events }: Scenario): boolean {
  // Both of these only matter where a process stands still.
  const harmless = ["suspends", "clockChanges"];
  return events.runsOnce === never &&
    (Object.keys(faultless) as (keyof Faults)[]).every((name) =>
      harmless.includes(name) || faults[name] === faultless[name]
    );
}
