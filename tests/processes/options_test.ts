import { createProcess, type Provider, StoreError } from "evtstore";
import { createProvider } from "evtstore/provider/memory";
import assert from "node:assert/strict";
import { test } from "node:test";
import { FakeClock } from "../../core/fake_clock.ts";
import { createProcessAt } from "../../core/process.ts";
import { createBooking } from "./booking.ts";

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

test("tailStream and checkpoint are those of a handler", async () => {
  const clock = new FakeClock();
  const provider = createProvider();
  const { domain, bookings } = createBooking(provider, clock);
  const seen: unknown[] = [];
  const create = (name: string, options: object) => {
    const process = createProcessAt(clock, {
      ...{ name, streams: [domain.booking], commands: {} },
      ...options,
    });
    process.startsOn("bookings", (_event, id) => id, {
      Requested: async (_event, { id }) => {
        seen.push([name, id, await provider.getPosition(name)]);
      },
    });
    return process;
  };
  const request = { seat: "s", cents: 1, card: "c" };
  for (const id of ["b1", "b2"]) await bookings.request(id, request);
  const tailing = create("tailing", { tailStream: true });
  await tailing.runOnce();
  assert.deepEqual(seen, []);
  await create("storing", { checkpoint: { events: 1 } }).runOnce();
  assert.deepEqual(seen, [["storing", "b1", 0], ["storing", "b2", 1]]);
});

test("a reaction knows where its event was stored, a timer when it was due; runOnce() counts events", async () => {
  const clock = new FakeClock();
  const provider = createProvider();
  const { domain, bookings } = createBooking(provider, clock);
  const process = createProcessAt(clock, {
    name: "p",
    streams: [domain.booking],
    commands: {},
    timers: ["late"],
  });
  const seen: unknown[] = [];
  const ofTwo = (_event: unknown, id: string) => id === "b0" ? undefined : id;
  process.startsOn("bookings", ofTwo, {
    Requested: (_event, { id, meta, setTimer }) => {
      const { stream, aggregateId, version, position } = meta;
      seen.push([id, stream, aggregateId, version, position]);
      return setTimer("late", { after: "1m" });
    },
  });
  process.onTimer("late", ({ at }, { id }) => void seen.push([id, at]));
  const request = { seat: "s", cents: 1, card: "c" };
  for (const id of ["b0", "b1", "b2"]) await bookings.request(id, request);
  assert.equal(await process.runOnce(), 3);
  assert.deepEqual(seen.splice(0), [
    ["b1", "bookings", "b1", 1, 2],
    ["b2", "bookings", "b2", 1, 3],
  ]);
  assert.equal(await process.runOnce(), 0);
  clock.pass(60_000);
  assert.equal(await process.runOnce(), 0, "a timer is no event");
  assert.deepEqual(seen, [["b1", new Date(60_000)], ["b2", new Date(60_000)]]);
});

test("poll is that of a handler, where nothing wakes it", async () => {
  const clock = new FakeClock();
  const { watch: _, ...provider } = createProvider();
  const { domain, bookings } = createBooking(provider, clock);
  const process = createProcessAt(clock, {
    ...{ name: "p", streams: [domain.booking], commands: {}, poll: 5_000 },
  });
  const seen: string[] = [];
  process.startsOn("bookings", (_event, id) => id, {
    Requested: (_event, { id }) => void seen.push(id),
  });
  process.start();
  await clock.advance(100);
  await bookings.request("b1", { seat: "s", cents: 1, card: "c" });
  for (let waited = 0; waited < 4_500; waited += 100) await clock.advance(100);
  assert.deepEqual(seen, []);
  for (let waited = 0; waited < 1_000; waited += 100) await clock.advance(100);
  assert.deepEqual(seen, ["b1"]);
  await process.stop();
});

test("a timer that fails in a started process is told of, with its streams", async () => {
  const reports: unknown[] = [];
  const clock = new FakeClock();
  const provider = createProvider({
    onError: (error, stream, bookmark) =>
      void reports.push([error.message, stream, bookmark]),
  });
  const { domain, bookings } = createBooking(provider, clock);
  const process = createProcessAt(clock, {
    name: "p",
    streams: [domain.booking, domain.seat],
    commands: {},
    timers: ["late"],
  });
  process.startsOn("bookings", (_event, id) => id, {
    Requested: (_event, { setTimer }) => setTimer("late", { after: "1s" }),
  });
  process.onTimer("late", () => {
    throw new Error("not today");
  });
  await bookings.request("b1", { seat: "s", cents: 1, card: "c" });
  process.start();
  for (let second = 0; second < 5 && reports.length === 0; second++) {
    await clock.advance(1_000);
  }
  assert.deepEqual(reports[0], ["not today", "bookings, seats", "p"]);
  await process.stop();
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
    [{ stream: "bookings", streams: [domain.seat, domain.booking] }, "stream"],
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

test("a refused command has one reaction; one that is undefined is none", () => {
  const { domain, seats } = createBooking(createProvider());
  const commands = { seats };
  const process = createProcess({
    ...{ name: "p", streams: [domain.booking], commands },
  });
  process.onRefused("seats", { hold: undefined as any, free: () => {} });
  process.onRefused("seats", { hold: () => {} });
  assert.throws(
    () => process.onRefused("seats", { hold: () => {} }),
    isInvalid("reactions"),
  );
});

test("a provider that cannot is refused", async () => {
  const { records: _, ...plain } = createProvider();
  const provider = plain as Provider<any>;
  const isUnsupported = (error: unknown) =>
    error instanceof StoreError && error.code === "NOT_SUPPORTED" &&
    error.field === "provider" && error.bookmark === "booking";
  assert.throws(() => createBooking(provider), isUnsupported);
  const later = createBooking(Promise.resolve(provider) as any);
  await assert.rejects(() => later.process.runOnce(), isUnsupported);
});

function isInvalid(field: string) {
  return (error: unknown) =>
    error instanceof StoreError && error.code === "INVALID_INPUT" &&
    error.field === field;
}

test("what was decided and is gone from the code is a failure, and not lost", async () => {
  const clock = new FakeClock();
  const provider = createProvider();
  const { domain, bookings } = createBooking(provider, clock);
  const told: string[] = [];
  const desk = (isDown: boolean) => ({
    async call(_id: string, { text }: { text: string }) {
      if (isDown) throw new Error("down");
      await Promise.resolve(told.push(text));
    },
  });
  const whole = (isDown: boolean) => {
    const process = createProcessAt(clock, {
      name: "p",
      streams: [domain.booking],
      commands: { desk: desk(isDown) },
      timers: ["t"],
    });
    process.startsOn("bookings", (_event, id) => id, {
      Requested: (_event, { id, send, setTimer }) => [
        setTimer("t", { after: "1m" }),
        send.desk.call(id, { text: "new" }),
      ],
    });
    process.onTimer(
      "t",
      (_timer, { id, send }) => send.desk.call(id, { text: "late" }),
    );
    return process;
  };
  const reduced = () => {
    const process = createProcessAt(clock, {
      name: "p",
      streams: [domain.booking],
      commands: {},
    });
    process.startsOn("bookings", (_event, id) => id, { Requested: () => {} });
    return process;
  };
  await bookings.request("b1", { seat: "s", cents: 1, card: "c" });
  await assert.rejects(() => whole(true).runOnce(), /down/);
  await assert.rejects(() => reduced().runOnce(), isInvalid("commands"));
  await whole(false).runOnce();
  assert.deepEqual(told, ["new"]);
  clock.pass(60_000);
  await assert.rejects(() => reduced().runOnce(), isInvalid("timers"));
  await whole(false).runOnce();
  assert.deepEqual(told, ["new", "late"]);
});
