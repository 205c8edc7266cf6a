import assert from "node:assert/strict";
import process from "node:process";
import { test } from "node:test";
import fc from "fast-check";
import { type TestProcess, TestProcesses } from "../tests/shards/processes.ts";

const ids = Array.from({ length: 30 }, (_, index) => `id${index}`);

const happening = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({
      kind: fc.constant("append"),
      n: fc.nat(29),
      count: fc.integer({ min: 1, max: 40 }),
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({
      kind: fc.constant("pass"),
      n: fc.integer({ min: 1, max: 30 }),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({ kind: fc.constant("open"), n: fc.nat(2) }),
  },
  {
    weight: 1,
    arbitrary: fc.record({ kind: fc.constant("stop"), n: fc.nat(5) }),
  },
  {
    weight: 1,
    arbitrary: fc.record({ kind: fc.constant("crash"), n: fc.nat(5) }),
  },
  {
    weight: 1,
    arbitrary: fc.record({ kind: fc.constant("freeze"), n: fc.nat(5) }),
  },
  {
    weight: 1,
    arbitrary: fc.record({ kind: fc.constant("thaw"), n: fc.nat(5) }),
  },
  {
    weight: 1,
    arbitrary: fc.record({ kind: fc.constant("fail"), n: fc.nat(29) }),
  },
  {
    weight: 1,
    arbitrary: fc.record({ kind: fc.constant("runOnce"), n: fc.nat(2) }),
  },
);

/** Lets all of it happen, and says what is wrong at the end. */
async function simulate(
  happenings: { kind: string; n: number; count?: number }[],
  limit: number,
): Promise<string[]> {
  const world = new TestProcesses({}, limit);
  const failing = new Set<string>();
  const living: TestProcess[] = [];
  /** What those have handled who may have been taken for dead, or were. */
  const suspects = new Set<TestProcess>();
  const all: TestProcess[] = [];
  let isBeside = false;
  const open = (shards: number) => {
    const process = world.open({ shards, poll: 500 }, async (id) => {
      await world.clock.sleep(id.length * 10);
      if (failing.has(id)) throw new Error("boom");
    });
    all.push(process);
    return process;
  };
  const start = (shards: number) => {
    const process = open(shards);
    process.handler.start();
    living.push(process);
  };
  start(8);
  for (const { kind, n, count = 1 } of happenings) {
    const process = living[n % Math.max(1, living.length)];
    const id = ids[n % ids.length]!;
    if (kind === "append") await world.append(id, count);
    if (kind === "pass") await world.pass(n * 100);
    if (kind === "open" && living.length < 4) start([1, 8, 64][n]!);
    if (kind === "fail") {
      if (!failing.delete(id)) failing.add(id);
    }
    if (kind === "runOnce") {
      // Beside the owners: it may do their work once more.
      isBeside = true;
      void open([1, 8, 64][n]!).handler.runOnce().catch(() => {});
    }
    if (!process) continue;
    if (kind === "stop") {
      living.splice(living.indexOf(process), 1);
      if (suspects.has(process)) process.thaw();
      void process.handler.stop();
    }
    if (kind === "crash") {
      living.splice(living.indexOf(process), 1);
      process.crash();
      suspects.add(process);
    }
    if (kind === "freeze") {
      process.freeze();
      suspects.add(process);
    }
    if (kind === "thaw") process.thaw();
  }
  failing.clear();
  for (const process of living) process.thaw();
  start(8);
  await world.pass(40_000);
  const found = world.violations(true);
  const seenBy = new Map<string, TestProcess[]>();
  for (const process of all) {
    for (const one of process.seen) {
      seenBy.set(one, [...seenBy.get(one) ?? [], process]);
    }
  }
  for (const [one, by] of seenBy) {
    if (by.length < 2 || isBeside || by.some((each) => suspects.has(each))) {
      continue;
    }
    found.push(`${one} came twice, and nobody had crashed`);
  }
  let isStopped = false;
  Promise.all(living.map(({ handler }) => handler.stop()))
    .then(() => isStopped = true);
  for (let tries = 0; tries < 30 && !isStopped; tries++) await world.pass(1000);
  if (!isStopped) found.push("a handler does not stop");
  return found;
}

test("whatever happens to the processes, each aggregate is handled in order, and whole", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(happening, { minLength: 5, maxLength: 30 }),
      fc.constantFrom(3, 20, 1000),
      async (happenings, limit) => {
        assert.deepEqual(await simulate(happenings as any, limit), []);
      },
    ),
    {
      numRuns: process.env.EVTSTORE_LONG === "1" ? 200 : 12,
      endOnFailure: true,
    },
  );
});
