import type { Provider } from "evtstore";
import { createProvider } from "evtstore/provider/memory";
import assert from "node:assert/strict";
import { test } from "node:test";
import { FakeClock } from "../../core/fake_clock.ts";
import { createProcessAt } from "../../core/process.ts";
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

/** A process whose timer is cancelled by what the payment leads to. */
async function createChain(clock: FakeClock) {
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
      Paid: (_event, { id, send }) => send.seats.free("s1", { bookingId: id }),
    });
    process.on("seats", (event) => event.bookingId, {
      Freed: (_event, { cancelTimer }) => cancelTimer("t"),
    });
    process.onTimer("t", ({ at }) => void fired.push(at));
    return process;
  };
  const process = create();
  await bookings.request("b1", { seat: "s1", cents: 5, card: "c1" });
  await process.runOnce();
  return { create, process, bookings, fired };
}

for (
  const [how, isNew, isStarted] of [
    ["by a new one", true, false],
    ["by the one that set it", false, false],
    ["by a new one that is started", true, true],
  ] as const
) {
  test(`what new events lead to is handled before a timer fires, ${how}`, async () => {
    const clock = new FakeClock();
    const chain = await createChain(clock);
    // It was down; what it does about the payment cancels its timer.
    await chain.bookings.pay("b1", {});
    clock.pass(2 * HOUR);
    const process = isNew ? chain.create() : chain.process;
    if (isStarted) {
      process.start();
      await settle(clock);
      await stop(process, clock);
    } else await process.runOnce();
    assert.deepEqual(chain.fired, []);
    assert.deepEqual((await process.get("b1"))!.timers, {});
  });
}

test("so it is in one that has long been started", async () => {
  const clock = new FakeClock();
  const { process, bookings, fired } = await createChain(clock);
  clock.pass(HOUR - 20_000);
  process.start();
  for (let second = 0; second < 19; second++) await clock.advance(1000);
  clock.pass(1_500);
  await bookings.pay("b1", {});
  await settle(clock);
  await stop(process, clock);
  assert.deepEqual(fired, []);
});

test("what a timer leads to is handled in the same run", async () => {
  const clock = new FakeClock();
  const provider = createProvider();
  const { domain, bookings, seats } = createBooking(provider, clock);
  const process = createProcessAt(clock, {
    name: "p",
    streams: [domain.booking, domain.seat],
    commands: { seats },
    timers: ["t"],
  });
  let freed = 0;
  process.startsOn("bookings", (_event, id) => id, {
    Requested: (_event, { setTimer }) => setTimer("t", { after: "1h" }),
  });
  process.on("seats", (event) => event.bookingId, {
    Freed: () => void freed++,
  });
  process.onTimer(
    "t",
    (_timer, { id, send }) => send.seats.free("s1", { bookingId: id }),
  );
  await bookings.request("b1", { seat: "s1", cents: 5, card: "c1" });
  assert.equal(await process.runOnce(), 1);
  clock.pass(HOUR);
  assert.equal(await process.runOnce(), 1, "the event of its command");
  assert.equal(freed, 1);
});

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

test("a process manager of another name does nothing again, and takes the timers over", async () => {
  const clock = new FakeClock();
  const provider = createProvider();
  const one = createBooking(provider, clock);
  for (const id of ["b1", "b2"]) {
    const body = { seat: `seat ${id}`, cents: 5, card: "c" };
    await one.bookings.request(id, body);
  }
  await one.process.runOnce();
  await one.bookings.pay("b2", {});
  clock.pass(6 * HOUR);
  await one.process.runOnce();
  const before = await contentsOf(provider);
  assert.equal(before.timers.length, 2);
  const two = createBooking(provider, clock, "renamed");
  await two.process.runOnce();
  assert.deepEqual(await contentsOf(provider, "renamed"), before);
});

test("what a timer decided is done also by one of another name", async () => {
  const clock = new FakeClock();
  const provider = createProvider();
  const one = createBooking(provider, clock);
  const body = { seat: "s1", cents: 5, card: "c1" };
  await one.bookings.request("b1", body);
  await one.process.runOnce();
  clock.pass(6 * HOUR);
  // It decides what the timer leads to, and dies before it does it.
  const dying: Provider<any> = {
    ...provider,
    append(stream, ...rest) {
      if (stream === "bookings") return Promise.reject(new Error("died"));
      return provider.append(stream, ...rest);
    },
  };
  await assert.rejects(createBooking(dying, clock).process.runOnce(), /died/);
  const two = createBooking(provider, clock, "renamed");
  await two.process.runOnce();
  assert.deepEqual((await one.domain.booking.getAggregate("b1")).events, [
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
