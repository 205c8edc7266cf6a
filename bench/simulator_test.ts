import assert from "node:assert/strict";
import { test } from "node:test";
import { Random } from "../tests/simulation/random.ts";
import { Machine } from "../tests/simulation/machine.ts";
import { Scheduler } from "../tests/simulation/scheduler.ts";
import { figuresOf, type Window } from "./sharding_figures.ts";
import { simulate } from "./simulator.ts";
import { createAggregates } from "./simulator_load.ts";
import { DEFAULT_PLAN, type Plan } from "./simulator_plan.ts";
import { Capacity } from "./simulator_process.ts";

/** A load that one process carries, for a short while. */
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
  for (let seed = 1; seed <= 3; seed++) {
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
    // One event after the other, so a slice is in order as a whole.
    const slices = trace.appended.map((one) => ({
      ...one,
      aggregate: `slice ${one.slice}`,
    }));
    assert.equal(figuresOf({ ...trace, appended: slices }).disordered, 0);
    assert(trace.appended.length > 800, `${trace.appended.length}`);
    assert.deepEqual({ missed, disordered }, { missed: 0, disordered: 0 });
    // Of what a killed process had not stored, a second's worth at the most.
    assert(repeated <= 2 * 50 + 20, `${repeated} were handled twice`);
  }
});

test("a process does as much as its connections allow, several as much more", async () => {
  for (const [processes, connections] of [[1, 1], [1, 4], [2, 2], [4, 2]]) {
    const trace = await simulate({
      ...PLAN,
      processes: processes!,
      connections: connections!,
      shards: 16,
      eventsPerSecond: 0,
      backlog: 2500 * processes! * connections!,
      computingPerEvent: 0,
      millisecondsPerEvent: 4,
    });
    // Behind the starts, and before the smallest slices are done.
    const window = { from: 5000, to: 7500 };
    const { perSecond, missed, disordered } = figuresOf(trace, window);
    const most = 250 * processes! * connections!;
    assert(
      perSecond > 0.93 * most && perSecond <= 1.01 * most,
      `${perSecond} a second, of ${most}`,
    );
    assert.deepEqual({ missed, disordered }, { missed: 0, disordered: 0 });
  }
});

test("what computes is done by one thread, what waits by many slices", async () => {
  const plan = { ...PLAN, connections: 64, eventsPerSecond: 0, backlog: 3000 };
  const rateOf = async (part: Partial<Plan>, window: Window) =>
    figuresOf(await simulate({ ...plan, ...part }), window).perSecond;
  const computing = await rateOf(
    { computingPerEvent: 2, millisecondsPerEvent: 0 },
    { from: 1000, to: 5000 },
  );
  assert(computing > 450 && computing <= 500, `${computing} a second`);
  // Of one aggregate one event is handled after the other, however many slices.
  const alone = await rateOf(
    { aggregates: 1, computingPerEvent: 0, millisecondsPerEvent: 5 },
    { from: 1000, to: 10_000 },
  );
  assert(alone > 185 && alone <= 200, `${alone} a second`);
  // Where there are many aggregates, all slices wait at once, and more.
  const waiting = { computingPerEvent: 0, millisecondsPerEvent: 500 };
  const window = { from: 5000, to: 10_000 };
  const many = { ...waiting, aggregates: 5000 };
  const one = await rateOf(many, window);
  assert(one > 115 && one <= 128, `${one} a second`);
  const two = await rateOf(
    { ...many, concurrency: 2, connections: 128 },
    window,
  );
  assert(two > 230 && two <= 256, `${two} a second`);
});

test("slices are shared out evenly, also after a kill and a start", async () => {
  const plan = {
    ...PLAN,
    processes: 4,
    shards: 64,
    aggregates: 1000,
    eventsPerSecond: 200,
  };
  const even = figuresOf(await simulate(plan), { from: 5000, to: 20_000 });
  assert.deepEqual(even.slices, [16, 16, 16, 16]);
  const changed = figuresOf(await simulate({ ...plan, kill: [3], add: [12] }));
  assert.deepEqual(changed.slices, [16, 16, 16, 16]);
  const odd = figuresOf(await simulate({ ...plan, kill: [3] }));
  assert.deepEqual(odd.slices, [22, 21, 21]);
  // By four shards of 16 slices, three processes cannot have the same.
  const coarse = figuresOf(await simulate({ ...plan, kill: [3], shards: 4 }));
  assert.deepEqual(coarse.slices, [32, 16, 16]);
});

test("who keeps up is behind by a look and the work, not more", async () => {
  const trace = await simulate({ ...PLAN, look: 100 });
  const { lag } = figuresOf(trace, { from: 5000, to: 20_000 });
  assert(lag.median > 25 && lag.median < 100, `${lag.median} ms`);
  assert(lag.most < 300, `${lag.most} ms`);
});

test("who does not keep up falls behind by what is too much", async () => {
  // Two seconds of work come in each.
  const plan = {
    ...PLAN,
    connections: 1,
    eventsPerSecond: 200,
    millisecondsPerEvent: 10,
  };
  const { lag } = figuresOf(await simulate(plan));
  // The slices that have most are last.
  assert(lag.most > 19_000 && lag.most < 30_000, `${lag.most} ms`);
});

test("after a kill another goes on in 3 to 10 seconds, after a stop in one", async () => {
  for (let seed = 1; seed <= 2; seed++) {
    // So many that no slice waits long for the event that shows it.
    const busy = { eventsPerSecond: 500, aggregates: 1000, seconds: 14 };
    const plan = { ...PLAN, ...busy, seed, processes: 2, shards: 16 };
    const takeOver = async (part: Partial<Plan>) =>
      figuresOf(await simulate({ ...plan, ...part })).takeOvers[0]!;
    const killed = await takeOver({ kill: [8] });
    assert(
      killed.first > 2900 && killed.most < 10_000,
      `killed: ${killed.first} to ${killed.most} ms`,
    );
    const stopped = await takeOver({ stop: [8] });
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
