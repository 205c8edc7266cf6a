/** What is simulated: the load, the processes, the database, and what happens. */
export type Plan = {
  /** What chance is drawn from: the same one gives the same run. */
  seed: number;
  /** Processes at the start. */
  processes: number;
  /** Into how many shards the handler is divided. */
  shards: number;
  /** How many events of a slice are handled at once, of several aggregates. */
  concurrency: number;
  /** For how long events come, in seconds. */
  seconds: number;
  /** How many come in a second, each after a time of its own. */
  eventsPerSecond: number;
  /** Events that are in the log before the start. */
  backlog: number;
  /** How many aggregates they belong to. */
  aggregates: number;
  /** By how much some have more: Zipf's exponent, 0 where all have the same. */
  skew: number;
  /** How long a callback waits for something, in milliseconds. */
  millisecondsPerEvent: number;
  /** How long it computes: a process does one such thing at a time. */
  computingPerEvent: number;
  /** How many callbacks of a process can wait at once: its connections. */
  connections: number;
  /** How long it takes a process to take in an event that it reads. */
  millisecondsPerRead: number;
  /** From a question to the database to its answer, in milliseconds. */
  roundTrip: number;
  /** The same for what is written, until it is on the disk. */
  commit: number;
  /** How often a process looks for what is new, in milliseconds. */
  look: number;
  /** After how many milliseconds a bookmark is stored. */
  checkpoint: number;
  /** The most events of a page. */
  page: number;
  /** When the oldest process is killed, in seconds, each time. */
  kill: number[];
  /** When the oldest process is stopped, in seconds, each time. */
  stop: number[];
  /** When one more is started, in seconds, each time. */
  add: number[];
};

/** A handler of one process, which keeps up. */
export const DEFAULT_PLAN: Plan = {
  seed: 1,
  processes: 4,
  shards: 16,
  concurrency: 1,
  seconds: 60,
  eventsPerSecond: 500,
  backlog: 0,
  aggregates: 1000,
  skew: 0,
  millisecondsPerEvent: 5,
  computingPerEvent: 0.05,
  connections: 10,
  millisecondsPerRead: 0.03,
  roundTrip: 1,
  commit: 5,
  look: 50,
  checkpoint: 1000,
  page: 1000,
  kill: [],
  stop: [],
  add: [],
};

/**
 * The plan that a command line asks for: `--events-per-second 800 --kill 20`.
 *
 * @param given The options as `parseArgs` gives them.
 * @throws {Error} If one of them is not a number, or several.
 */
export function toPlan(given: { [option: string]: unknown }): Plan {
  const plan: { [field: string]: number | number[] } = { ...DEFAULT_PLAN };
  for (const [field, option] of planOptions) {
    const text = given[option];
    if (text === undefined) continue;
    const numbers = String(text).split(",").map(Number);
    const isList = Array.isArray(plan[field]);
    if (numbers.some((one) => !(one >= 0)) || !isList && numbers.length > 1) {
      throw new Error(
        `Expected --${option} to be ${
          isList ? "seconds, divided by commas" : "a number"
        }: got ${text}`,
      );
    }
    plan[field] = isList ? numbers : numbers[0]!;
  }
  return plan as Plan;
}

/** The fields of a plan, and their options. */
export const planOptions: readonly (readonly [string, string])[] = Object
  .keys(DEFAULT_PLAN).map((field) => [
    field,
    field.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`),
  ]);
