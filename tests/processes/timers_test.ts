import { createProcess, type Provider, StoreError } from "evtstore";
import { createProvider } from "evtstore/provider/memory";
import assert from "node:assert/strict";
import { test } from "node:test";
import { FakeClock } from "../../core/fake_clock.ts";
import { createProcessAt } from "../../core/process.ts";
import { ProcessTimers } from "../../core/process_timers.ts";
import { contentsOf, createBooking } from "./booking.ts";

const HOUR = 3_600_000;

test("a started process fires a timer that is due, and asks seldom before", async () => {
  const clock = new FakeClock();
  const inner = createProvider();
  const asked: number[] = [];
  const provider = watchDue(inner, () => asked.push(clock.now()));
  const { process, bookings, domain } = createBooking(provider, clock);
  process.start();
  await bookings.request("b1", { seat: "s1", cents: 5, card: "c1" });
  await settle(clock);
  for (let second = 0; second < 60; second++) await clock.advance(1000);
  // Once at first, and then every ten seconds: another one could set a timer.
  assert.ok(asked.length <= 8, `asked ${asked.length} times in a minute`);
  const events = async () =>
    (await domain.booking.getAggregate("b1")).events.slice(2);
  assert.deepEqual(await events(), []);
  clock.pass(6 * HOUR - 60_000);
  for (let second = 0; second < 3; second++) await clock.advance(1000);
  assert.deepEqual(await events(), ["Reminded"]);
  await stop(process, clock);
});

test("many new events do not make it ask more than once a second", async () => {
  const clock = new FakeClock();
  const inner = createProvider();
  let asked = 0;
  const provider = watchDue(inner, () => asked++);
  const { process, bookings } = createBooking(provider, clock);
  process.start();
  await settle(clock);
  const before = asked;
  for (let number = 0; number < 20; number++) {
    await bookings.request(`b${number}`, { seat: "s", cents: 5, card: "c" });
    await settle(clock);
  }
  assert.equal(asked, before);
  await stop(process, clock);
});

for (const isStarted of [false, true]) {
  test(
    `what new events lead to is handled before a timer fires${
      isStarted ? ", started" : ""
    }`,
    async () => {
      const clock = new FakeClock();
      const provider = createProvider();
      const { domain, bookings, seats } = createBooking(provider, clock);
      const fired: Date[] = [];
      const create = () => {
        const process = createProcessAt(clock, {
          name: "chain",
          streams: [domain.booking, domain.seat],
          commands: { seats },
          timers: ["t"],
        });
        process.startsOn("bookings", (_event, id) => id, {
          Requested: (_event, { setTimer }) => setTimer("t", { after: "1h" }),
          Paid: (_event, { id, send }) =>
            send.seats.free("s1", { bookingId: id }),
        });
        process.on("seats", (event) => event.bookingId, {
          Freed: (_event, { cancelTimer }) => cancelTimer("t"),
        });
        process.onTimer("t", ({ at }) => void fired.push(at));
        return process;
      };
      await bookings.request("b1", { seat: "s1", cents: 5, card: "c1" });
      await create().runOnce();
      // It was down; what it does about the payment cancels its timer.
      await bookings.pay("b1", {});
      clock.pass(2 * HOUR);
      const process = create();
      if (isStarted) {
        process.start();
        await settle(clock);
        await stop(process, clock);
      } else await process.runOnce();
      assert.deepEqual(fired, []);
      assert.deepEqual((await process.get("b1"))!.timers, {});
    },
  );
}

test("a timer fires also where something is new without end", async () => {
  const clock = new FakeClock();
  const inner = createProvider();
  let isBusy = false;
  let number = 0;
  const busy: Provider<any> = {
    ...inner,
    async getEventsFrom(stream, ...rest) {
      if (isBusy) {
        clock.pass(100);
        const id = `busy${number++}`;
        const [event] = inner.createEvents("seats", id, 1, [{
          type: "Freed",
          bookingId: id,
        }]);
        await inner.append("seats", id, 1, [event!]);
        if (number === 200) throw new Error("for ever");
      }
      return await inner.getEventsFrom(stream, ...rest);
    },
  };
  const { process, bookings, domain } = createBooking(busy, clock);
  await bookings.request("b1", { seat: "s1", cents: 5, card: "c1" });
  await process.runOnce();
  clock.pass(6 * HOUR);
  isBusy = true;
  process.start();
  const isFired = async () =>
    (await domain.booking.getAggregate("b1")).events.includes("Reminded");
  for (let turn = 0; turn < 300 && !await isFired(); turn++) {
    await clock.advance(0);
  }
  isBusy = false;
  assert.ok(await isFired());
  assert.ok(number < 200, `only behind ${number} reads`);
  await stop(process, clock);
});

test("of two that are started at once, one fires", async () => {
  const clock = new FakeClock();
  const provider = createProvider();
  const [one, two] = [1, 2].map(() => createBooking(provider, clock));
  await one!.bookings.request("b1", { seat: "s1", cents: 5, card: "c1" });
  await one!.process.runOnce();
  clock.pass(6 * HOUR);
  // Both past the lease: it is the events that say who was first.
  await Promise.all([one!.process.runOnce(), two!.process.runOnce()]);
  assert.deepEqual((await one!.domain.booking.getAggregate("b1")).events, [
    "Requested",
    "Confirmed",
    "Reminded",
  ]);
});

test("a record that is lost is made again, and one that is left over does nothing", async () => {
  const clock = new FakeClock();
  const provider = createProvider();
  const { process, bookings, domain } = createBooking(provider, clock);
  await bookings.request("b1", { seat: "s1", cents: 5, card: "c1" });
  await process.runOnce();
  const before = await contentsOf(provider);
  const kind = "process-timer:booking";
  for (const { key } of await provider.records.due(kind, 1e15)) {
    await provider.records.remove(kind, key);
  }
  await provider.setPosition("booking", 0);
  await createBooking(provider, clock).process.runOnce();
  assert.deepEqual(await contentsOf(provider), before);

  const value = { id: "b1", name: "remind", at: 0, version: 77 };
  await provider.records.put(kind, "left over", value, { revision: 0, due: 0 });
  await process.runOnce();
  assert.deepEqual((await domain.booking.getAggregate("b1")).events, [
    "Requested",
    "Confirmed",
  ]);
});

test("a timer that fails holds up no other, and is tried again", async () => {
  const clock = new FakeClock();
  const provider = createProvider();
  const timers = new ProcessTimers(provider.records, "p", clock);
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
  await timers.set("x", { name: "t", at: 0, version: 1 });
  let fired = 0;
  const fire = async () => void fired++;
  await assert.rejects(timers.fireDue(fire, () => {}, () => false), /down/);
  broken = false;
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

test("timers have names, and a reaction each, and dates that are dates", async () => {
  const clock = new FakeClock();
  const provider = createProvider();
  const { domain, bookings } = createBooking(provider, clock);
  const when: any[] = [{ at: new Date(NaN) }, { after: "soon" }, {}];
  const process = createProcessAt(clock, {
    name: "p",
    streams: [domain.booking],
    commands: {},
    timers: ["t"],
  });
  process.startsOn("bookings", (_event, id) => id, {
    Requested: (_event, { setTimer }) => setTimer("t", when[0]),
  });
  assert.throws(() => process.start(), isInvalid("timers"));
  await assert.rejects(() => process.runOnce(), isInvalid("timers"));
  process.onTimer("t", () => {});
  await bookings.request("b1", { seat: "s", cents: 1, card: "c" });
  for (const field of ["at", "after", "at"]) {
    await assert.rejects(() => process.runOnce(), isInvalid(field));
    when.shift();
  }
});

test("what cannot be meant is refused at once", () => {
  const provider = createProvider();
  const { domain, seats } = createBooking(provider);
  const options = {
    name: "p",
    streams: [domain.booking],
    commands: { seats },
  } as const;
  const other = createBooking(createProvider()).domain.seat;
  const wrong: [object, string][] = [
    [{ name: "" }, "name"],
    [{ streams: [] }, "streams"],
    [{ streams: [domain.booking, other] }, "streams"],
    [{ stream: "bookings" }, "stream"],
    [{ commands: { "a.b": seats } }, "commands"],
    [{ commands: { seats: { hold: 5 } } }, "commands.seats.hold"],
    [{ timers: [""] }, "timers"],
    [{ onFailure: "skip" }, "onFailure"],
  ];
  for (const [changed, field] of wrong) {
    assert.throws(
      () => createProcess({ ...options, ...changed } as any),
      isInvalid(field),
      field,
    );
  }
  const process = createProcess(options);
  process.on("bookings", (_event, id) => id, { Paid: () => {} });
  assert.throws(
    () => process.startsOn("bookings", (_event, id) => id, { Paid: () => {} }),
    isInvalid("reactions"),
  );
});

test("a provider that cannot is refused", async () => {
  const { records: _, ...plain } = createProvider();
  const provider = plain as Provider<any>;
  const isUnsupported = (error: unknown) =>
    error instanceof StoreError && error.code === "NOT_SUPPORTED";
  assert.throws(() => createBooking(provider), isUnsupported);
  const later = createBooking(Promise.resolve(provider) as any);
  await assert.rejects(() => later.process.runOnce(), isUnsupported);
});

function isInvalid(field: string) {
  return (error: unknown) =>
    error instanceof StoreError && error.code === "INVALID_INPUT" &&
    error.field === field;
}

function watchDue(
  inner: ReturnType<typeof createProvider>,
  asked: () => void,
): Provider<any> {
  return {
    ...inner,
    records: {
      ...methodsOf(inner.records),
      due(kind, ...rest) {
        if (kind === "process-timer:booking") asked();
        return inner.records.due(kind, ...rest);
      },
    },
  };
}

function methodsOf(records: NonNullable<Provider<any>["records"]>) {
  return {
    get: records.get.bind(records),
    list: records.list.bind(records),
    due: records.due.bind(records),
    put: records.put.bind(records),
    remove: records.remove.bind(records),
  };
}

async function settle(clock: FakeClock): Promise<void> {
  for (let turn = 0; turn < 8; turn++) await clock.settle();
}

async function stop(
  process: { stop(): Promise<void> },
  clock: FakeClock,
): Promise<void> {
  let stopped = false;
  const stopping = process.stop().then(() => stopped = true);
  for (let second = 0; second < 30 && !stopped; second++) {
    await clock.advance(1000);
  }
  assert.ok(stopped, "it does not stop");
  await stopping;
}
