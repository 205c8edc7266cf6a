import assert from "node:assert/strict";
import { test } from "node:test";
import { Random } from "../tests/simulation/random.ts";
import { Machine } from "../tests/simulation/machine.ts";
import { Scheduler } from "../tests/simulation/scheduler.ts";
import { figuresOf } from "./sharding_figures.ts";
import { simulate } from "./simulator.ts";
import { createAggregates } from "./simulator_load.ts";
import { DEFAULT_PLAN, type Plan } from "./simulator_plan.ts";
import { Capacity } from "./simulator_process.ts";

/** A load that one shard carries, for a short while. */
const PLAN: Plan = {
  ...DEFAULT_PLAN,
  processes: 1,
  shards: 1,
  seconds: 20,
  eventsPerSecond: 50,
  aggregates: 100,
};

test("the same seed gives the same run, and another one another", async () => {
  const [one, again, other] = [
    await simulate(PLAN),
    await simulate(PLAN),
    await simulate({ ...PLAN, seed: 2 }),
  ];
  assert.deepEqual(again, one);
  assert.notDeepEqual(other, one);
});

test("every event is handled, in order, whatever happens to processes", async () => {
  for (let seed = 1; seed <= 5; seed++) {
    const trace = await simulate({
      ...PLAN,
      seed,
      processes: 3,
      kill: [3, 9],
      stop: [15],
      add: [4, 10, 11],
    });
    const { missed, disordered, repeated } = figuresOf(trace);
    assert.equal(trace.ended.length, 3);
    assert(trace.appended.length > 800, `${trace.appended.length}`);
    assert.deepEqual({ missed, disordered }, { missed: 0, disordered: 0 });
    // Of what a killed process had not stored, a second's worth at the most.
    assert(repeated <= 2 * 50 + 20, `${repeated} were handled twice`);
  }
});

test("one process with a backlog handles one event after the other", async () => {
  const trace = await simulate({
    ...PLAN,
    eventsPerSecond: 0,
    backlog: 2000,
    millisecondsPerEvent: 4,
    computingPerEvent: 1,
  });
  const window = { from: 1000, to: 9000 };
  const { perSecond } = figuresOf(trace, window);
  assert(perSecond > 190 && perSecond <= 200, `${perSecond} a second`);
});

test("who keeps up is behind by a look and the work, not more", async () => {
  const { lag } = figuresOf(await simulate({ ...PLAN, look: 100 }));
  assert(lag.median > 25 && lag.median < 100, `${lag.median} ms`);
  assert(lag.most < 300, `${lag.most} ms`);
});

test("who does not keep up falls behind by what is too much", async () => {
  // Ten seconds of work come in each five.
  const plan = { ...PLAN, eventsPerSecond: 200, millisecondsPerEvent: 10 };
  const { lag } = figuresOf(await simulate(plan));
  assert(lag.most > 18_000 && lag.most < 24_000, `${lag.most} ms`);
});

test("after a kill another goes on in 3 to 10 seconds, after a stop in one", async () => {
  for (let seed = 1; seed <= 5; seed++) {
    const plan = { ...PLAN, seed, processes: 2 };
    const killed = figuresOf(await simulate({ ...plan, kill: [8] })).takeOver!;
    assert(
      killed.first > 2900 && killed.most < 10_000,
      `killed: ${killed.first} to ${killed.most} ms`,
    );
    const stopped = figuresOf(await simulate({ ...plan, stop: [8] })).takeOver!;
    assert(stopped.most < 1500, `stopped: ${stopped.most} ms`);
  }
});

test("aggregates are drawn alike, or by Zipf", () => {
  const countsOf = (skew: number) => {
    const draw = createAggregates(100, skew, new Random(1));
    const counts = new Map<string, number>();
    for (let event = 0; event < 10_000; event++) {
      const aggregate = draw();
      counts.set(aggregate, (counts.get(aggregate) ?? 0) + 1);
    }
    return counts;
  };
  const alike = countsOf(0);
  assert.equal(alike.size, 100);
  assert(Math.max(...alike.values()) < 150);
  const skewed = countsOf(1);
  // 1 of 1 + 1/2 + … + 1/100 = 5.187.
  const share = skewed.get("aggregate 0")! / 10_000;
  assert(Math.abs(share - 1 / 5.187) < 0.02, `${share}`);
});

test("a capacity is used by as many as it has, the others wait in line", async () => {
  const scheduler = new Scheduler();
  const machine = new Machine(scheduler, new Random(1), "p");
  const two = new Capacity(scheduler, machine, 2);
  const ends: [number, number][] = [];
  for (let one = 0; one < 4; one++) {
    void two.use(10).then(() => ends.push([one, scheduler.now]));
  }
  await scheduler.until(() => ends.length === 4, 100);
  assert.deepEqual(ends, [[0, 10], [1, 10], [2, 20], [3, 20]]);
});
