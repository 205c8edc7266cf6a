/**
 * Runs tests against mutants, in a process that is thrown away: it imports the
 * tests once, and switches the mutants on one after the other.
 *
 * @module
 */
import { readFileSync } from "node:fs";
import {
  type Job,
  mark,
  type Message,
  type MutantJob,
  type PlannedTest,
} from "./messages.ts";
import { registered, runOne } from "./node_test.ts";

/** What the instrumented code reads and writes. */
type Switches = {
  activeMutant?: string | undefined;
  currentTestId?: string | undefined;
  hitCount?: number | undefined;
  hitLimit?: number | undefined;
  mutantCoverage?: {
    static: Record<string, number>;
    perTest: Record<string, Record<string, number>>;
  };
};

const switches: Switches = {};
Object.assign(globalThis, { __stryker__: switches });

/** Tests that may run at the same time, as the suite for providers allows. */
const AT_ONCE = 24;

const TICK_MS = 50;

/** An error that no test awaited, which a test runner would report. */
let stray: unknown;
for (const kind of ["unhandledrejection", "error"]) {
  addEventListener(kind, (event) => {
    event.preventDefault();
    const { reason, error } = event as { reason?: unknown; error?: unknown };
    stray = reason ?? error ?? kind;
  });
}

const startedBy = Deno.ppid;

class TimedOut extends Error {}

async function main(): Promise<void> {
  const job: Job = JSON.parse(readFileSync(Deno.args[0]!, "utf8"));
  switches.activeMutant = job.activeAtImport;
  for (const file of job.testFiles) await import(file);
  if (job.mutants === undefined) return await measureAll();
  for (const mutant of job.mutants) {
    const isClean = await tryMutant(mutant, job.activeAtImport !== undefined);
    if (!isClean) return;
  }
}

function say(message: Message): void {
  // Nobody listens any more.
  if (Deno.ppid !== startedBy) Deno.exit(1);
  console.log(mark + JSON.stringify(message));
}

async function measureAll(): Promise<void> {
  say({ atImport: Object.keys(switches.mutantCoverage?.static ?? {}) });
  for (const [test, { name, group }] of registered.entries()) {
    const inGroup = group !== undefined;
    say({ patience: 120_000 });
    switches.currentTestId = String(test);
    const first = await failureOf([test], 60_000);
    switches.currentTestId = "none";
    const started = performance.now();
    const second = await failureOf([test], 60_000);
    const ms = Math.ceil(performance.now() - started);
    const hits = switches.mutantCoverage?.perTest[test] ?? {};
    const failure = first ?? second;
    const unusable = failure === undefined ? {} : { unusable: failure.why };
    say({ measured: { test, name, ms, inGroup, hits, ...unusable } });
  }
}

/** Answers whether the process can go on with another mutant. */
async function tryMutant(
  mutant: MutantJob,
  isActiveAtImport: boolean,
): Promise<boolean> {
  const { id, tests, suspect, hitLimit } = mutant;
  switches.hitLimit = hitLimit;
  const activate = (active: string | undefined) => {
    if (!isActiveAtImport) switches.activeMutant = active;
  };
  for (const batch of batchesOf(tests, suspect)) {
    activate(id);
    const failed = await failureOf(
      batch.map(({ test }) => test),
      patienceFor(batch),
    );
    activate(undefined);
    if (failed === undefined) continue;
    const { test, why, isTimeout } = failed;
    const by = registered[test]!.name;
    if (isTimeout) {
      if (batch.length > 1) say({ id, suspect: test });
      else say({ id, outcome: "timeout", by });
      return false;
    }
    // What fails among others may fail because of them.
    const alone = tests.filter((planned) => planned.test === test);
    activate(id);
    const isKilled = batch.length === 1 ||
      await failureOf([test], patienceFor(alone)) !== undefined;
    activate(undefined);
    if (!isKilled) continue;
    if (!isActiveAtImport) {
      const unmutated = await failureOf([test], patienceFor(alone));
      if (unmutated !== undefined) {
        say({ again: id });
        return false;
      }
    }
    say({ id, outcome: "killed", by, why });
    return true;
  }
  say({ id, outcome: "survived" });
  return true;
}

/** Tests by themselves first, one by one; then those of each group, together. */
function batchesOf(
  tests: PlannedTest[],
  suspect: number | undefined,
): PlannedTest[][] {
  const alone = tests.filter(({ test }) =>
    test === suspect || registered[test]!.group === undefined
  );
  alone.sort((one, other) =>
    Number(other.test === suspect) - Number(one.test === suspect)
  );
  const together = tests.filter((planned) => !alone.includes(planned));
  const batches = alone.map((planned) => [planned]);
  // The quickest few kill most, so the first batches are small.
  for (const group of new Set(together.map(groupOf))) {
    const members = together.filter((planned) => groupOf(planned) === group);
    for (let size = 4; members.length > 0; size = AT_ONCE) {
      batches.push(members.splice(0, size));
    }
  }
  return batches;
}

const groupOf = ({ test }: PlannedTest) => registered[test]!.group;

function patienceFor(batch: PlannedTest[]): number {
  const usual = batch.reduce((sum, { ms }) => sum + ms, 0);
  return batch.length > 1 ? usual * 2 + 4_000 : usual * 4 + 2_500;
}

type Failure = { test: number; why: string; isTimeout: boolean };

/** Runs tests of one group at the same time; answers the first that fails. */
async function failureOf(
  tests: number[],
  patience: number,
): Promise<Failure | undefined> {
  say({ patience: patience * 3 });
  stray = undefined;
  switches.hitCount = 0;
  const group = registered[tests[0]!]!.group;
  let failure: Failure | undefined;
  const fail = (test: number, error: unknown) => {
    const why = String(error).slice(0, 300);
    failure ??= { test, why, isTimeout: error instanceof TimedOut };
  };
  try {
    await runHooks(group?.before, patience);
    await Promise.all(
      tests.map((test) =>
        within(runOne(registered[test]!), patience)
          .catch((error) => fail(test, error))
      ),
    );
    await runHooks(group?.after, patience);
    // What was not awaited shows itself a turn later.
    await new Promise((resolve) => setTimeout(resolve, 0));
  } catch (error) {
    fail(tests[0]!, error);
  }
  if (stray !== undefined) fail(tests[0]!, stray);
  return failure;
}

async function runHooks(
  hooks: (() => unknown)[] = [],
  patience: number,
): Promise<void> {
  for (const hook of hooks) await within(Promise.resolve(hook()), patience);
}

/** Counts ticks: on a machine that is busy a process has fewer of them. */
async function within(work: Promise<unknown>, ms: number): Promise<void> {
  let ticks = 0;
  let timer: ReturnType<typeof setInterval> | undefined;
  const late = new Promise<never>((_resolve, reject) => {
    timer = setInterval(() => {
      if (++ticks * TICK_MS > ms) reject(new TimedOut(`not within ${ms} ms`));
    }, TICK_MS);
  });
  try {
    await Promise.race([work, late]);
  } finally {
    clearInterval(timer);
  }
}

await main();
Deno.exit(0);
