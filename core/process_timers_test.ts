import type { Provider } from "evtstore";
import { createProvider } from "evtstore/provider/memory";
import assert from "node:assert/strict";
import { test } from "node:test";
import { FakeClock } from "./fake_clock.ts";
import { ProcessTimers, short } from "./process_timers.ts";
import { MAX_NAME_BYTES } from "./validation.ts";

const HOUR = 3_600_000;

/** Timers, and how many at a time their records are asked for. */
function withLimits(clock: FakeClock) {
  const { records } = createProvider();
  const limits: unknown[] = [];
  const timers = new ProcessTimers(
    {
      ...methodsOf(records),
      due(kind, until, options) {
        limits.push(options?.limit);
        return records.due(kind, until, options);
      },
    },
    "p",
    clock,
  );
  return { timers, limits };
}

test("a timer that fails holds up no other, and is tried again", async () => {
  const clock = new FakeClock();
  const { timers, limits } = withLimits(clock);
  const names = Array.from({ length: 250 }, (_, index) => `t${index}`);
  for (const [index, name] of names.entries()) {
    await timers.set("x", { name, at: index, version: 1 });
  }
  clock.pass(1000);
  const bad = new Set(names.slice(0, 150));
  const fired: string[] = [];
  const failed: string[] = [];
  const pass = () =>
    timers.fireDue(
      ({ name }) => {
        if (bad.has(name)) return Promise.reject(new Error("bad"));
        fired.push(name);
        return Promise.resolve();
      },
      (_error, { name }) => failed.push(name),
      () => false,
    );
  assert.equal(await pass(), 100);
  // Those that failed are read again, those that fired are gone.
  assert.deepEqual(limits, [100, 200, 250]);
  assert.deepEqual(fired, names.slice(150));
  assert.deepEqual(failed, names.slice(0, 150));
  clock.pass(999);
  assert.equal(await pass(), 0);
  assert.equal(failed.length, 150);
  bad.clear();
  clock.pass(1);
  assert.equal(await pass(), 150);
  assert.deepEqual(await timers.read(), { overdue: 0 });
});

test("a look that fails or is broken off is followed by another", async () => {
  const clock = new FakeClock();
  const provider = createProvider();
  let broken = true;
  const timers = new ProcessTimers(
    {
      ...methodsOf(provider.records),
      due: (...parameters) =>
        broken
          ? Promise.reject(new Error("down"))
          : provider.records.due(...parameters),
    },
    "p",
    clock,
  );
  let fired = 0;
  const fire = async () => void fired++;
  await assert.rejects(timers.fireDue(fire, () => {}, () => false), /down/);
  broken = false;
  await timers.set("x", { name: "t", at: 0, version: 1 });
  clock.pass(1000);
  await timers.fireDue(fire, () => {}, () => true);
  assert.equal(fired, 0);
  clock.pass(1000);
  await timers.fireDue(fire, () => {}, () => false);
  assert.equal(fired, 1);
});

test("an earlier timer that is set is not waited for too long", async () => {
  const clock = new FakeClock();
  const provider = createProvider();
  const timers = new ProcessTimers(provider.records, "p", clock);
  await timers.set("x", { name: "late", at: HOUR, version: 1 });
  const fired: string[] = [];
  const pass = () =>
    timers.fireDue(
      async ({ name }) => void fired.push(name),
      () => {},
      () => false,
    );
  await pass();
  await timers.set("x", { name: "early", at: 2000, version: 1 });
  clock.pass(2000);
  await pass();
  assert.deepEqual(fired, ["early"]);
});

test("a timer that fails is tried again after 1, 2, 4 and so on to 60 seconds", async () => {
  const clock = new FakeClock();
  const timers = new ProcessTimers(createProvider().records, "p", clock);
  await timers.set("x", { name: "t", at: 0, version: 1 });
  const tries: number[] = [];
  let isBad = true;
  const pass = () =>
    timers.fireDue(
      async () => {
        tries.push(clock.monotonic() / 1000);
        if (isBad) throw new Error("bad");
      },
      () => {},
      () => false,
    );
  for (let second = 0; second < 250; second++) {
    assert.equal(await pass(), 0);
    clock.pass(1000);
  }
  assert.deepEqual(tries, [0, 1, 3, 7, 15, 31, 63, 123, 183, 243]);
  // One that has fired begins anew when its name fails again.
  isBad = false;
  for (let second = 0; second < 60; second++) {
    await pass();
    clock.pass(1000);
  }
  assert.equal(tries.length, 11);
  await timers.set("x", { name: "t", at: 0, version: 1 });
  isBad = true;
  tries.length = 0;
  const start = clock.monotonic() / 1000;
  for (let second = 0; second < 15; second++) {
    await pass();
    clock.pass(1000);
  }
  const [first] = tries;
  assert(first! - start <= 10);
  assert.equal(tries[1]! - first!, 1);
});

test("the store is asked when something may be due, and once in ten seconds", async () => {
  const clock = new FakeClock();
  const { records } = createProvider();
  const looks: number[] = [];
  const limits: unknown[] = [];
  const timers = new ProcessTimers(
    {
      ...methodsOf(records),
      due(kind, until, options) {
        looks.push(clock.monotonic());
        limits.push(options?.limit);
        return records.due(kind, until, options);
      },
    },
    "p",
    clock,
  );
  const pass = async (ms: number) => {
    for (let passed = 0; passed < ms; passed += 100) {
      await timers.fireDue(async () => {}, () => {}, () => false);
      clock.pass(100);
    }
    return looks.splice(0);
  };
  assert.deepEqual(await pass(20_000), [0, 10_000]);
  await timers.set("x", { name: "t", at: 24_500, version: 1 });
  assert.deepEqual(await pass(10_000), [20_000, 24_500]);
  await timers.set("x", { name: "now", at: 0, version: 1 });
  assert.deepEqual(await pass(1_000), [30_000]);
  timers.forget();
  assert.deepEqual(await pass(100), [31_000]);
  timers.forget();
  assert.deepEqual(await pass(100), [31_100], "whoever asks to, looks at once");
  assert(limits.every((limit) => limit === 100));
});

test("while a timer fails the store is asked once a second", async () => {
  const clock = new FakeClock();
  const { records } = createProvider();
  const looks: number[] = [];
  const timers = new ProcessTimers(
    {
      ...methodsOf(records),
      due(...parameters) {
        looks.push(clock.monotonic());
        return records.due(...parameters);
      },
    },
    "p",
    clock,
  );
  await timers.set("x", { name: "t", at: 0, version: 1 });
  for (let passed = 0; passed < 3_000; passed += 100) {
    await timers.fireDue(
      () => Promise.reject(new Error("bad")),
      () => {},
      () => false,
    );
    clock.pass(100);
  }
  assert.deepEqual(looks, [0, 1_000, 2_000]);
});

test("however long a look takes, each timer is tried once", async () => {
  const clock = new FakeClock();
  const timers = new ProcessTimers(createProvider().records, "p", clock);
  const names = Array.from({ length: 120 }, (_, index) => `t${index}`);
  for (const [index, name] of names.entries()) {
    await timers.set("x", { name, at: index, version: 1 });
  }
  clock.pass(1_000);
  const tried: string[] = [];
  await timers.fireDue(
    ({ name }) => {
      tried.push(name);
      clock.pass(60_000);
      return Promise.reject(new Error("bad"));
    },
    () => {},
    () => false,
  );
  assert.deepEqual(tried, names);
});

test("a timer that is set while others fire is looked for when it is due", async () => {
  const clock = new FakeClock();
  const timers = new ProcessTimers(createProvider().records, "p", clock);
  await timers.set("x", { name: "one", at: 0, version: 1 });
  const fired: [string, number][] = [];
  for (let passed = 0; passed < 10_000; passed += 1_000) {
    await timers.fireDue(
      async ({ name }) => {
        fired.push([name, clock.monotonic()]);
        if (name !== "one") return;
        await timers.set("x", { name: "two", at: 4_000, version: 2 });
      },
      () => {},
      () => false,
    );
    clock.pass(1_000);
  }
  assert.deepEqual(fired, [["one", 0], ["two", 4_000]]);
});

test("a timer that is taken away does not fire, and is not counted", async () => {
  const clock = new FakeClock();
  const { timers, limits } = withLimits(clock);
  clock.pass(5);
  await timers.set("x", { name: "t", at: 0, version: 1 });
  await timers.set("x", { name: "t", at: 4, version: 2 });
  await timers.set("x", { name: "late", at: 6, version: 2 });
  assert.deepEqual(await timers.read(), { next: new Date(0), overdue: 2 });
  assert.deepEqual(limits, [1, 1000]);
  await timers.remove("x", { name: "t", at: 0, version: 1 });
  assert.deepEqual(await timers.read(), { next: new Date(4), overdue: 1 });
  const fired: unknown[] = [];
  await timers.fireDue(
    async (timer) => void fired.push(timer),
    () => {},
    () => false,
  );
  assert.deepEqual(fired, [{ id: "x", name: "t", at: 4, version: 2 }]);
});

test("short() keeps what fits into a name in any alphabet", () => {
  const longest = "x".repeat(Math.floor(MAX_NAME_BYTES / 3));
  assert.equal(short(longest), longest);
  const tooLong = `${longest}xxx`;
  assert.match(short(tooLong), /^[0-9a-f]{64}$/);
  assert.notEqual(short(tooLong), short(`${tooLong}x`));
});

function methodsOf(records: NonNullable<Provider<any>["records"]>) {
  return {
    get: records.get.bind(records),
    list: records.list.bind(records),
    due: records.due.bind(records),
    put: records.put.bind(records),
    remove: records.remove.bind(records),
  };
}
