import { createProvider } from "evtstore/provider/memory";
import assert from "node:assert/strict";
import { test } from "node:test";
import type { Clock } from "./clock.ts";
import { FakeClock } from "./fake_clock.ts";
import { Membership } from "./membership.ts";
import type { Records } from "./records.ts";

const MEMBER = "evtstore.member";
const OWNER = "evtstore.owner";

/** Several processes on one store, each of which can be stopped in its tracks. */
function setUp() {
  const clock = new FakeClock();
  const records = createProvider().records!;
  let count = 0;
  /** A process: its own chance, its own connection. */
  const open = (wall = () => clock.now()) => {
    const reports: unknown[] = [];
    const news: string[] = [];
    const state = { crashed: false, failing: undefined as Error | undefined };
    let calls = 0;
    const reachable = async <T>(work: () => Promise<T>): Promise<T> => {
      calls++;
      if (state.failing) throw state.failing;
      // A process that is gone never hears of an answer.
      if (state.crashed) return await new Promise(() => {});
      return await work();
    };
    const own: Records = {
      get: (...args) => reachable(() => records.get(...args)),
      list: (...args) => reachable(() => records.list(...args)),
      due: (...args) => reachable(() => records.due(...args)),
      put: (...args) => reachable(() => records.put(...args)),
      remove: (...args) => reachable(() => records.remove(...args)),
    };
    let draw = ++count * 1009;
    const its: Clock = {
      monotonic: () => clock.monotonic(),
      now: wall,
      random: () => (draw += 7919) % 10_007 / 10_007,
      sleep: (ms, signal) => clock.sleep(ms, signal),
    };
    const membership = new Membership(own, its);
    const askFor = (bookmark: string, first: boolean) =>
      membership.ask(
        bookmark,
        () => news.push(bookmark),
        (error) => reports.push(error),
        first,
      );
    const ask = (bookmark: string) => askFor(bookmark, false);
    const askFirst = (bookmark: string) => askFor(bookmark, true);
    return {
      membership,
      ask,
      askFirst,
      state,
      reports,
      news,
      callsOf: () => calls,
    };
  };
  /** Lets time pass in steps in which everybody does what is due. */
  const pass = async (ms: number) => {
    for (let left = ms; left > 0; left -= 100) {
      await clock.advance(Math.min(100, left));
    }
  };
  return { clock, records, open, pass };
}

test("one process of several owns a bookmark", async () => {
  const { open, pass } = setUp();
  const [first, second] = [open(), open()];
  const lease = first.ask("model");
  await pass(100);
  const other = second.ask("model");
  await pass(20_000);
  assert.equal(lease.held(), true);
  assert.equal(other.held(), false);
  assert.equal(other.owner?.member, first.membership.id);
  assert.equal(other.owner?.self, false);
  assert.equal(lease.owner?.self, true);
  await Promise.all([lease.release(), other.release()]);
});

test("of several that start together one owns it", async () => {
  const { open, pass } = setUp();
  const leases = Array.from({ length: 5 }, () => open().ask("model"));
  await pass(3000);
  assert.equal(leases.filter((lease) => lease.held()).length, 1);
  await Promise.all(leases.map((lease) => lease.release()));
});

test("after a stop another takes over within about a second", async () => {
  const { open, pass } = setUp();
  const lease = open().ask("model");
  await pass(100);
  const second = open();
  const other = second.ask("model");
  await pass(5000);
  await lease.release();
  await pass(1100);
  assert.equal(other.held(), true);
  assert.deepEqual(second.news, ["model"]);
  await other.release();
});

test("after a crash another takes over, within 10 seconds and not before 5", async () => {
  for (const crashedAfter of [100, 900, 1500, 2100, 3300]) {
    const { open, pass } = setUp();
    const first = open();
    first.ask("model");
    await pass(100);
    const other = open().ask("model");
    await pass(crashedAfter);
    first.state.crashed = true;
    await pass(2900);
    assert.equal(other.held(), false, `${crashedAfter}`);
    await pass(7100);
    assert.equal(other.held(), true, `${crashedAfter}`);
    await other.release();
  }
});

test("an owner stops by itself before another can take over", async () => {
  const { open, pass } = setUp();
  const first = open();
  const lease = first.ask("model");
  await pass(100);
  const other = open().ask("model");
  await pass(1000);
  first.state.failing = new Error("unreachable");
  for (let passed = 0; passed < 12_000; passed += 100) {
    await pass(100);
    assert.equal(lease.held() && other.held(), false, `${passed}`);
  }
  assert.equal(other.held(), true);
  assert.equal(lease.held(), false);
  first.state.failing = undefined;
  await pass(3000);
  assert.equal(lease.held(), false);
  assert.equal(lease.owner?.self, false);
  await Promise.all([lease.release(), other.release()]);
});

test("a machine that was suspended is noticed by the wall clock", async () => {
  const { clock, open, pass } = setUp();
  let slept = 0;
  const process = open(() => clock.now() + slept);
  const lease = process.ask("model");
  await pass(100);
  assert.equal(lease.held(), true);
  slept = 60_000;
  assert.equal(lease.held(), false);
  await pass(2000);
  assert.equal(lease.held(), true);
  assert.deepEqual(process.news, ["model", "model"]);
  await lease.release();
});

test("a lease that another held meanwhile is a new term", async () => {
  const { open, pass, records } = setUp();
  const lease = open().ask("model");
  await pass(100);
  assert.equal(lease.term, 1);
  // Somebody takes it by force and gives it back.
  assert(await records.put(OWNER, "model", {}, { revision: 1 }));
  await pass(4000);
  assert.equal(lease.held(), true);
  assert.equal(lease.term, 2);
  await lease.release();
});

test("two handlers of one process share its place: one after the other", async () => {
  const { open, pass } = setUp();
  const process = open();
  const lease = process.ask("model");
  const second = process.ask("model");
  await pass(3000);
  assert.equal(lease.held(), true);
  assert.equal(second.held(), false);
  assert.equal(second.waited, true);
  await lease.release();
  assert.equal(second.held(), true);
  await second.release();
});

test("however many handlers, a process writes one heartbeat", async () => {
  const { open, pass } = setUp();
  const process = open();
  const leases = Array.from({ length: 50 }, (_, n) => process.ask(`model${n}`));
  await pass(3000);
  assert.equal(leases.every((lease) => lease.held()), true);
  const before = process.callsOf();
  await pass(20_000);
  // In two seconds: one heartbeat, one look at each of the two kinds.
  assert.equal(process.callsOf() - before, 30);
  await Promise.all(leases.map((lease) => lease.release()));
});

test("the orphans of a dead process are shared out", async () => {
  const { open, pass } = setUp();
  const dying = open();
  const bookmarks = Array.from({ length: 30 }, (_, n) => `model${n}`);
  bookmarks.forEach(dying.ask);
  await pass(1000);
  const [left, right] = [open(), open()].map((one) => bookmarks.map(one.ask));
  await pass(3000);
  dying.state.crashed = true;
  await pass(10_000);
  const held = [left!, right!].map((leases) =>
    leases.filter((lease) => lease.held()).length
  );
  assert.equal(held[0]! + held[1]!, 30);
  assert(Math.min(...held) >= 5, `${held}`);
  await Promise.all([...left!, ...right!].map((lease) => lease.release()));
});

test("an orphan that only one of two handles goes to that one", async () => {
  const { open, pass } = setUp();
  const dying = open();
  const bookmarks = Array.from({ length: 10 }, (_, n) => `model${n}`);
  bookmarks.forEach(dying.ask);
  await pass(100);
  const others = [open(), open()];
  const elsewhere = others[1]!.ask("something else");
  const leases = bookmarks.map(others[0]!.ask);
  await pass(3000);
  dying.state.crashed = true;
  await pass(10_000);
  assert.equal(leases.every((lease) => lease.held()), true);
  await Promise.all([...leases, elsewhere].map((lease) => lease.release()));
});

test("who could not look does not take a standstill for a death", async () => {
  const { clock, open, pass } = setUp();
  const first = open();
  const lease = first.ask("model");
  await pass(100);
  const second = open();
  const other = second.ask("model");
  await pass(3000);
  // The store is gone for both: nobody's heartbeat arrives.
  first.state.failing = second.state.failing = new Error("unreachable");
  await pass(20_000);
  second.state.failing = undefined;
  await pass(1000);
  first.state.failing = undefined;
  await pass(5000);
  assert.equal(lease.held(), true);
  assert.equal(other.held(), false);
  await Promise.all([lease.release(), other.release()]);
  assert.deepEqual(clock.pauses(), []);
});

test("a heartbeat whose answer was lost is not a loss of the lease", async () => {
  const { open, pass, records } = setUp();
  const process = open();
  const lease = process.ask("model");
  await pass(100);
  const { id } = process.membership;
  assert(await records.put(MEMBER, id, {}, { revision: 1 }));
  await pass(10_000);
  assert.equal(lease.held(), true);
  assert.equal(lease.term, 1);
  await lease.release();
});

test("a process that was forgotten joins again", async () => {
  const { open, pass, records } = setUp();
  const process = open();
  const lease = process.ask("model");
  await pass(100);
  const { id } = process.membership;
  assert(await records.remove(MEMBER, id));
  await pass(5000);
  assert.equal(lease.held(), true);
  assert.equal(await records.get(MEMBER, id), undefined);
  assert(await records.get(MEMBER, process.membership.id));
  await lease.release();
});

test("an owner that comes back is not held beside one that took it for dead", async () => {
  const { open, pass, records } = setUp();
  const process = open();
  const lease = process.ask("model");
  await pass(100);
  const seen = (await records.get(OWNER, "model"))!;
  process.state.failing = new Error("unreachable");
  await pass(6000);
  // Another has decided to take it; its write is still on its way.
  process.state.failing = undefined;
  await pass(2000);
  assert.equal(lease.held(), true);
  const late = { revision: seen.revision };
  assert.equal(await records.put(OWNER, "model", {}, late), false);
  await lease.release();
});

test("a process that leaves and joins again is not taken for dead", async () => {
  const { open, pass } = setUp();
  const process = open();
  let lease = process.ask("model");
  await pass(100);
  const other = open().ask("model");
  await pass(2000);
  // Always at its first revision when the other looks.
  for (let life = 0; life < 10; life++) {
    await lease.release();
    lease = process.ask("model");
    await pass(1000);
    assert.notEqual(lease.held(), other.held(), `life ${life}`);
  }
  await Promise.all([lease.release(), other.release()]);
});

test("a bookmark that could not be given back is given back later", async () => {
  const { open, pass } = setUp();
  const process = open();
  const lease = process.ask("model");
  const other = process.ask("something else");
  await pass(1000);
  const second = open().ask("model");
  process.state.failing = new Error("unreachable");
  await lease.release();
  process.state.failing = undefined;
  await pass(5000);
  assert.equal(process.reports.length, 1);
  assert.equal(second.held(), true);
  await Promise.all([other.release(), second.release()]);
});

test("nothing is left behind: no timer, no member, nothing owned", async () => {
  const { clock, open, pass, records } = setUp();
  const lease = open().ask("model");
  await pass(3000);
  await lease.release();
  assert.deepEqual(clock.pauses(), []);
  assert.deepEqual(await records.list(MEMBER), []);
  assert.deepEqual((await records.list(OWNER)).map(({ value }) => value), [{}]);
});

test("the record of a dead process is removed after a minute", async () => {
  const { open, pass, records } = setUp();
  const first = open();
  first.ask("model");
  await pass(100);
  first.state.crashed = true;
  const lease = open().ask("model");
  await pass(50_000);
  assert.equal((await records.list(MEMBER)).length, 2);
  await pass(20_000);
  assert.equal((await records.list(MEMBER)).length, 1);
  await lease.release();
});

test("a store that cannot be reached is reported, but not at every look", async () => {
  const { open, pass } = setUp();
  const process = open();
  const failure = new Error("unreachable");
  process.state.failing = failure;
  const lease = process.ask("model");
  await pass(15_000);
  assert.deepEqual(process.reports, [failure, failure]);
  process.state.failing = undefined;
  await pass(2000);
  assert.equal(lease.held(), true);
  await lease.release();
});

test("a lease can be asked for again while it is given back", async () => {
  const { open, pass } = setUp();
  const process = open();
  const lease = process.ask("model");
  await pass(1000);
  const released = lease.release();
  const again = process.ask("model");
  await released;
  await pass(3000);
  assert.equal(again.held(), true);
  await again.release();
});

test("an owner is asked to give way, and gets it back", async () => {
  const { open, pass } = setUp();
  const [one, other] = [open(), open()];
  const lease = one.ask("model");
  await pass(5000);
  const standby = other.ask("model");
  await pass(5000);
  const first = open().askFirst("model");
  await pass(3500);
  assert.equal(lease.wanted, true);
  assert.equal(lease.held(), false);
  assert.equal(first.held(), false, "before the owner has given way");
  await lease.giveWay();
  await pass(1500);
  assert.equal(first.held(), true);
  await pass(20_000);
  assert.equal(first.held(), true);
  assert.equal(lease.held() || standby.held(), false);
  await first.release();
  await pass(3500);
  assert.equal([lease, standby].filter((one) => one.held()).length, 1);
  await Promise.all([lease.release(), standby.release()]);
});

test("a wish ends with the process that has it", async () => {
  const { open, pass } = setUp();
  const [one, dying] = [open(), open()];
  const lease = one.ask("model");
  await pass(5000);
  dying.askFirst("model");
  await pass(3500);
  dying.state.crashed = true;
  await lease.giveWay();
  assert.equal(lease.held(), false);
  await pass(8000);
  assert.equal(lease.held(), true);
  assert.equal(lease.wanted, false);
  await lease.release();
});

test("of two that come first in one process neither waits for the other", async () => {
  const { open, pass } = setUp();
  const one = open();
  const lease = one.ask("model");
  await pass(1000);
  const [second, third] = [one.askFirst("model"), one.askFirst("model")];
  assert.equal(lease.wanted, true);
  await lease.giveWay();
  assert.equal(second.held(), true);
  assert.equal(second.wanted, false);
  await second.release();
  assert.equal(third.held(), true);
  await third.release();
  assert.equal(lease.held(), true);
  await lease.release();
});

test("a wish is shown at once, and ends with who had it", async () => {
  const { open, pass, records } = setUp();
  const one = open();
  const lease = one.ask("other");
  await pass(2100);
  const shown = async () =>
    (await records.get(MEMBER, one.membership.id))!.value.wants;
  assert.equal(await shown(), undefined);
  const first = one.askFirst("model");
  await pass(100);
  assert.deepEqual(await shown(), ["model"]);
  await first.release();
  await pass(100);
  assert.equal(await shown(), undefined);
  await lease.release();
});

test("what is not owned yet is looked for each second, beside what is", async () => {
  const { open, pass, records } = setUp();
  const one = open();
  const [owned, waiting] = [one.ask("owned"), one.ask("model")];
  const other = open().ask("elsewhere");
  await pass(100);
  const own = (await records.get(OWNER, "model"))!;
  await records.put(OWNER, "model", { member: other.owner!.member }, {
    revision: own.revision,
  });
  await pass(2000);
  assert.equal(owned.held(), true);
  assert.equal(waiting.held(), false);
  await records.put(OWNER, "model", {}, { revision: own.revision + 1 });
  await pass(2000);
  assert.equal(waiting.held(), true);
  await Promise.all([owned, waiting, other].map((one) => one.release()));
});

test("an owner is told of as it calls itself", async () => {
  const { open, pass, records } = setUp();
  const process = "elsewhere:9";
  const beat = async (revision: number) =>
    assert(await records.put(MEMBER, "m", { process }, { revision }));
  await beat(0);
  await records.put(OWNER, "model", { member: "m" }, { revision: 0 });
  const lease = open().ask("model");
  for (let revision = 1; revision < 4; revision++) {
    await pass(1000);
    await beat(revision);
  }
  assert.deepEqual(lease.owner, { member: "m", process, self: false });
  await records.put(OWNER, "model", {}, { revision: 1 });
  await pass(2000);
  assert.equal(lease.owner?.self, true);
  assert.notEqual(lease.owner?.process, process);
  assert.notEqual(lease.owner?.process, "");
  await lease.release();
});

test("a lease that was never owned is given back without a word to the store", async () => {
  const { open, pass, records } = setUp();
  const first = open();
  const lease = first.ask("model");
  await pass(100);
  const second = open();
  const other = second.ask("model");
  await pass(2000);
  await other.release();
  assert.deepEqual(second.reports, []);
  const { value } = (await records.get(OWNER, "model"))!;
  assert.deepEqual(value, { member: first.membership.id });
  assert.equal(lease.held(), true);
  await lease.release();
});

test("one that is gained while it is given back goes to the next at once", async () => {
  const { open, pass, records, clock } = setUp();
  const process = open();
  const lease = process.ask("model");
  let release: Promise<void> | undefined;
  const { put } = records;
  records.put = async (kind, key, value, options) => {
    // The answer is on its way when the handler stops.
    const done = await put.call(records, kind, key, value, options);
    if (kind === OWNER && !release) release = lease.release();
    return done;
  };
  await pass(1000);
  await release;
  assert.equal(lease.held(), false);
  assert.deepEqual((await records.get(OWNER, "model"))!.value, {});
  assert.deepEqual(clock.pauses(), []);
  records.put = put;
  const next = open().ask("model");
  await pass(1000);
  assert.equal(next.held(), true);
  await next.release();
});

test("a dead one that comes back while its record is removed is kept", async () => {
  const { open, pass, records } = setUp();
  const dying = open();
  dying.ask("model");
  await pass(100);
  dying.state.crashed = true;
  const lease = open().ask("model");
  const { id } = dying.membership;
  const { remove } = records;
  let isBack = false;
  records.remove = async (kind, key, options) => {
    const found = await records.get(kind, key);
    if (key === id && !isBack) {
      isBack = true;
      await records.put(kind, key, {}, { revision: found!.revision });
    }
    return await remove.call(records, kind, key, options);
  };
  for (let passed = 0; !isBack && passed < 90_000; passed += 100) {
    await pass(100);
  }
  assert.equal(isBack, true);
  assert.notEqual(await records.get(MEMBER, id), undefined);
  records.remove = remove;
  await lease.release();
});

test("a process has an id of 32 digits, whatever its chance is", () => {
  const { records } = setUp();
  for (const random of [0, 1e-9, 0.5]) {
    const clock = Object.assign(new FakeClock(), { random: () => random });
    assert.match(new Membership(records, clock).id, /^[0-9a-f]{32}$/);
  }
});

test("what another owns is left to it by those who do not ask for it", async () => {
  const { open, pass, records } = setUp();
  const [one, other] = [open(), open()];
  const lease = one.ask("model");
  await pass(100);
  const elsewhere = other.ask("something else");
  await pass(20_000);
  assert.equal(lease.held(), true);
  assert.equal(lease.term, 1);
  // A heartbeat says what there is to say.
  const { value } = (await records.get(MEMBER, one.membership.id))!;
  assert.deepEqual(Object.keys(value), ["process"]);
  await Promise.all([lease.release(), elsewhere.release()]);
});

test("a lease that is given back in the middle of a look is passed over", async () => {
  const { open, pass, records } = setUp();
  const process = open();
  const first = process.ask("one");
  const second = process.ask("two");
  let release: Promise<void> | undefined;
  const { put } = records;
  records.put = (kind, key, value, options) => {
    if (kind === OWNER) release ??= second.release();
    return put.call(records, kind, key, value, options);
  };
  await pass(1000);
  await release;
  records.put = put;
  assert.deepEqual(process.reports, []);
  assert.deepEqual([first.held(), second.held()], [true, false]);
  await first.release();
});
