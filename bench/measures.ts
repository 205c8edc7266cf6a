import type { Contender } from "./contender.ts";

/** Something that all contenders of a suite are asked to do. */
export type Measure = {
  /** What it is called in the table. */
  name: string;
  /** A ratio to the reference that the project has set itself. */
  goal?: number;
  /** Whether the contender can do it. */
  isFor(contender: Contender): boolean;
  /** Prepares data that the rounds need. */
  prepare?(contender: Contender): Promise<void>;
  /** Does a round. @returns Milliseconds an operation took. */
  run(contender: Contender, round: number): Promise<number>;
};

/** How much work a round is. */
export type Size = {
  /** Operations of a round by one caller. */
  sequential: number;
  /** Operations of a round by 32 callers. */
  concurrent: number;
  /** Events of the aggregate that is loaded. */
  aggregate: number;
  /** Events of the log that a handler catches up with. */
  log: number;
};

/** The rounds that the published table is made of. */
export const FULL: Size = {
  sequential: 200,
  concurrent: 1600,
  aggregate: 2000,
  log: 17_000,
};

/** As `FULL`, in less time: for a look, not for figures. */
export const SMALL: Size = {
  sequential: 50,
  concurrent: 640,
  aggregate: 2000,
  log: 5000,
};

const CALLERS = 32;
/**
 * An aggregate gets so many commands, one after the other: a new one each round,
 * as rounds could not be compared if aggregates grew from one to the next.
 */
const COMMANDS = 4;

/** The measures, in the order of the table. */
export function createMeasures(size: Size): Measure[] {
  const always = () => true;
  // Reading comes first: it has the log that the project's goal speaks of.
  return [
    {
      name: `handler catches up with ${count(size.log)} events`,
      goal: 0.6,
      isFor: (contender) => contender.catchUp !== undefined,
      prepare: (contender) => fill(contender, size),
      async run(contender) {
        const start = performance.now();
        const handled = await contender.catchUp!(size.log);
        return (performance.now() - start) / handled;
      },
    },
    {
      name: `load an aggregate of ${count(size.aggregate)} events`,
      goal: 0.95,
      isFor: always,
      run: (contender) =>
        sequentially(10, async () => {
          const cents = await contender.load("large");
          if (cents !== size.aggregate) throw wrong(contender, cents);
        }),
    },
    {
      name: "the same from a warm cache",
      goal: 20,
      isFor: always,
      run: (contender) =>
        sequentially(contender.loadCached ? 100 : 10, async () => {
          const load = contender.loadCached ?? contender.load;
          const cents = await load.call(contender, "large");
          if (cents !== size.aggregate) throw wrong(contender, cents);
        }),
    },
    {
      name: "command of 1 event",
      goal: 0.95,
      isFor: always,
      run: (contender, round) => {
        const accounts = Math.ceil(size.sequential / COMMANDS);
        return sequentially(
          size.sequential,
          (index) => contender.command(`account ${round} ${index % accounts}`),
        );
      },
    },
    {
      name: `command of 1 event, ${CALLERS} in flight`,
      goal: 1.5,
      isFor: always,
      run: (contender, round) => {
        const accounts = Math.ceil(size.concurrent / CALLERS / COMMANDS);
        return concurrently(
          size.concurrent,
          (caller, index) =>
            contender.command(`account ${round} ${caller} ${index % accounts}`),
        );
      },
    },
    {
      name: "append of 1 event",
      goal: 0.95,
      isFor: always,
      run: (contender) =>
        sequentially(
          size.sequential,
          () => contender.append(crypto.randomUUID(), 0, 1),
        ),
    },
    {
      name: `append of 1 event, ${CALLERS} in flight`,
      goal: 1.5,
      isFor: always,
      run: (contender) =>
        concurrently(
          size.concurrent,
          () => contender.append(crypto.randomUUID(), 0, 1),
        ),
    },
    {
      name: "append of 10 events",
      isFor: always,
      run: (contender) =>
        sequentially(
          size.sequential,
          () => contender.append(crypto.randomUUID(), 0, 10),
        ),
    },
    {
      name: `append of 10 events, ${CALLERS} in flight`,
      goal: 1.2,
      isFor: always,
      run: (contender) =>
        concurrently(
          size.concurrent / 2,
          () => contender.append(crypto.randomUUID(), 0, 10),
        ),
    },
  ];
}

/** Stores the log: one large aggregate, and many of ten events. */
async function fill(contender: Contender, size: Size): Promise<void> {
  const page = 100;
  for (let version = 0; version < size.aggregate; version += page) {
    await contender.append("large", version, page);
  }
  const others = (size.log - size.aggregate) / 10;
  await concurrently(
    others,
    () => contender.append(crypto.randomUUID(), 0, 10),
  );
}

async function sequentially(
  operations: number,
  work: (index: number) => Promise<unknown>,
): Promise<number> {
  const start = performance.now();
  for (let index = 0; index < operations; index++) await work(index);
  return (performance.now() - start) / operations;
}

/** Milliseconds of the whole for each operation, with 32 callers at work. */
async function concurrently(
  operations: number,
  work: (caller: number, index: number) => Promise<unknown>,
): Promise<number> {
  const each = Math.ceil(operations / CALLERS);
  const start = performance.now();
  await Promise.all(
    Array.from({ length: CALLERS }, async (_, caller) => {
      for (let index = 0; index < each; index++) await work(caller, index);
    }),
  );
  return (performance.now() - start) / (each * CALLERS);
}

function wrong(contender: Contender, cents: number): Error {
  return new Error(`${contender.name} has loaded ${cents} cents`);
}

function count(events: number): string {
  return events.toLocaleString("en");
}
