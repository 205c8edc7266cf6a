import { join } from "node:path";
import type { Coverage } from "./measure.ts";
import type { Message, MutantJob, TestMeasure } from "./messages.ts";
import type { Mutant } from "./mutants.ts";
import type { Results } from "./results.ts";
import { runWorker } from "./worker_process.ts";

/** After so many a process is replaced, with what they left running in it. */
const MUTANTS_A_PROCESS = 40;

/** Processes at a time: most of what they do is to wait. */
const WORKERS = 4;

/** How often a process may be found unclean before the mutant is blamed. */
const ATTEMPTS = 3;

/** How long the tests of a mutant may take, beside the cases that run at once. */
const QUICK_MS = 10_000;

/** So many tests are tried, however long they take. */
const FEW = 10;

type Trial = { mutant: Mutant; job: MutantJob; attempts: number };

/** What mutants are tried with. */
export type Tests = { round: number; testFiles: string[]; coverage: Coverage };

/** Tries every mutant, and saves what became of it. */
export async function tryAll(
  copy: string,
  all: Mutant[],
  open: Mutant[],
  { round, testFiles, coverage }: Tests,
  results: Results,
): Promise<void> {
  const files = testFiles.map((file) => join(copy, file));
  const switchable: Trial[] = [];
  const atImport: Trial[] = [];
  for (const mutant of open) {
    const job = planOf(mutant, coverage);
    const trial = { mutant, job, attempts: 0 };
    if (job.tests.length > 0) switchable.push(trial);
    else if (!coverage.atImport.has(mutant.id) || round > 0) {
      results.add(mutant, { outcome: "uncovered" }, round);
    } else {
      job.tests = testsOfFile(all, mutant.file, coverage);
      atImport.push(trial);
    }
  }
  const waiting = [
    ...inParts(switchable, MUTANTS_A_PROCESS),
    ...atImport.map((trial) => [trial]),
  ];
  let left = switchable.length + atImport.length;
  const queue = waiting.values();
  await Promise.all(Array.from({ length: WORKERS }, async () => {
    for (const part of queue) {
      await tryPart(part);
      left -= part.length;
      results.save();
      console.log(`${new Date().toISOString()} ${left} left`);
    }
  }));

  async function tryPart(part: Trial[]): Promise<void> {
    const rest = new Map(part.map((trial) => [trial.mutant.id, trial]));
    while (rest.size > 0) {
      const [first] = rest.values();
      const isAtImport = atImport.includes(first!);
      const ending = await runWorker(copy, {
        testFiles: files,
        mutants: [...rest.values()].map(({ job }) => job),
        ...isAtImport ? { activeAtImport: first!.mutant.id } : {},
      }, (message) => hear(message, rest));
      const [current] = rest.values();
      if (current !== undefined && ending === "silent") {
        settle(current, rest, { outcome: "timeout", why: "the process hung" });
      }
    }
  }

  function hear(message: Message, rest: Map<string, Trial>): void {
    if ("outcome" in message) {
      const { id, ...result } = message;
      settle(rest.get(id)!, rest, result);
    } else if ("suspect" in message) {
      const trial = rest.get(message.id)!;
      const isSecond = trial.job.suspect !== undefined;
      trial.job.suspect = message.suspect;
      if (isSecond) settle(trial, rest, { outcome: "timeout" });
    } else if ("again" in message) {
      const trial = rest.get(message.again)!;
      const isUnclean = ++trial.attempts >= ATTEMPTS;
      if (isUnclean) settle(trial, rest, { outcome: "killed", why: "unclean" });
    }
  }

  function settle(
    { mutant }: Trial,
    rest: Map<string, Trial>,
    result: Parameters<Results["add"]>[1],
  ): void {
    rest.delete(mutant.id);
    results.add(mutant, result, round);
  }
}

function planOf({ id }: Mutant, coverage: Coverage): MutantJob {
  const hits = coverage.tests.map((test) => test.hits[id] ?? 0);
  return {
    id,
    tests: withoutSlow(coverage.tests.filter(({ hits }) => id in hits))
      .map(({ test, ms }) => ({ test, ms })),
    hitLimit: Math.max(...hits, 10) * 1000,
  };
}

function testsOfFile(
  mutants: Mutant[],
  file: string,
  { tests }: Coverage,
): MutantJob["tests"] {
  const ids = mutants.filter((mutant) => mutant.file === file)
    .map(({ id }) => id);
  return withoutSlow(
    tests.filter(({ hits }) => ids.some((id) => id in hits)),
  ).map(({ test, ms }) => ({ test, ms }));
}

/** Most of the time goes into few tests; the others notice nearly as much. */
function withoutSlow(tests: TestMeasure[]): TestMeasure[] {
  let left = QUICK_MS;
  return tests.filter(({ ms, inGroup }, index) =>
    inGroup || index < FEW || (left -= ms) > 0
  );
}

function inParts<T>(all: T[], size: number): T[][] {
  const parts: T[][] = [];
  for (let at = 0; at < all.length; at += size) {
    parts.push(all.slice(at, at + size));
  }
  return parts;
}
