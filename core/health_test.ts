import { type Health, health } from "evtstore";
import { createProvider } from "evtstore/provider/memory";
import assert from "node:assert/strict";
import { test } from "node:test";
import { EventHandler } from "./event_handler.ts";
import { FakeClock } from "./fake_clock.ts";
import {
  type HealthOptions,
  type HealthyHandler,
  readHealth,
} from "./health.ts";

const codes = ({ reasons }: Health) => reasons.map(({ code }) => code);

function setUp() {
  const provider = createProvider({ onError: () => {} });
  const clock = new FakeClock();
  const create = (exclusive = false) =>
    new EventHandler(
      { bookmark: "board", streams: ["a"], provider, exclusive },
      clock,
    );
  const append = async (count = 1) => {
    const last = await provider.getLastEventFor("a", "x");
    const version = (last?.version ?? 0) + 1;
    const events = provider.createEvents(
      "a",
      "x",
      version,
      Array.from({ length: count }, () => ({ type: "Done" })),
    );
    for (const event of events) event.timestamp = new Date(clock.now());
    await provider.append("a", "x", version, events);
  };
  const look = (handler: HealthyHandler, options: HealthOptions = {}) =>
    readHealth([handler], { maxAgeMs: 0, ...options }, clock);
  return { provider, clock, create, append, look };
}

test("a handler that has done everything is well", async () => {
  const { clock, create, append, look } = setUp();
  const handler = create();
  handler.start();
  await append();
  await clock.settle();
  assert.deepEqual(await look(handler), {
    live: true,
    ready: true,
    reasons: [],
    handlers: [{
      name: "board",
      state: "idle",
      lag: { events: 0, more: false, seconds: 0 },
      parked: { aggregates: 0, events: 0 },
    }],
  });
  await handler.stop();
});

test("one that was not started, or has ended, is not live", async () => {
  const { clock, create, look } = setUp();
  const handler = create();
  const before = await look(handler);
  assert.deepEqual([before.live, before.ready], [false, false]);
  assert.deepEqual(before.reasons, [{
    handler: "board",
    code: "stopped",
    message: 'Handler "board" is stopped',
  }]);
  handler.start();
  await clock.advance(1);
  assert.equal((await look(handler)).live, true);
  await handler.stop();
  await clock.advance(1);
  assert.equal((await look(handler)).live, false);
});

test("it is not ready while it is behind by more than the limits", async () => {
  const { clock, create, append, look } = setUp();
  const handler = create();
  const gate = Promise.withResolvers<void>();
  handler.subscribe("a", "Done", () => gate.promise);
  await append(3);
  handler.start();
  await clock.advance(60_000);
  assert.deepEqual(codes(await look(handler)), [], "60 s are still well");
  await clock.advance(1);
  const late = await look(handler);
  assert.deepEqual([late.live, late.ready], [true, false]);
  assert.equal(
    late.reasons[0]?.message,
    'Handler "board" is behind by 3 events, 60 s',
  );
  await clock.advance(1);
  assert.deepEqual(codes(await look(handler, { lagSeconds: 90 })), []);
  await clock.advance(1);
  const many = await look(handler, { lagSeconds: 90, lagEvents: 2 });
  assert.deepEqual(codes(many), ["behind"]);
  gate.resolve();
  await clock.settle();
  await clock.advance(1);
  assert.equal((await look(handler)).ready, true);
  await handler.stop();
});

test("failing counts from the first failure in a row", async () => {
  const { clock, create, append, look } = setUp();
  const handler = create();
  let broken = true;
  handler.subscribe("a", "Done", () => {
    if (broken) throw new Error("away");
  });
  await append();
  handler.start();
  await clock.settle();
  const options = { failingSeconds: 20, lagSeconds: Infinity };
  for (let tries = 0; tries < 2; tries++) await clock.advance(10_000);
  assert.deepEqual(codes(await look(handler, options)), [], "for 20 s");
  await clock.advance(10_000);
  const failing = await look(handler, options);
  assert.deepEqual([failing.live, failing.ready], [true, false]);
  assert.equal(
    failing.reasons[0]?.message,
    'Handler "board" fails for 30 s: away',
  );
  broken = false;
  await clock.advance(10_000);
  assert.equal((await look(handler, options)).ready, true);
  broken = true;
  await append();
  await clock.settle();
  await clock.advance(1);
  assert.equal((await look(handler, options)).ready, true, "it counts anew");
  await handler.stop();
});

test("one that stands by is well, however far behind the other is", async () => {
  const { clock, create, append, look } = setUp();
  const active = create(true);
  const gate = Promise.withResolvers<void>();
  active.subscribe("a", "Done", () => gate.promise);
  active.start();
  await clock.settle();
  const standby = create(true);
  standby.start();
  await append();
  for (let time = 0; time < 70; time++) await clock.advance(1000);
  assert.deepEqual(codes(await look(active)), ["behind"]);
  const { ready, handlers } = await look(standby);
  assert.deepEqual([ready, handlers[0]?.state], [true, "standby"]);
  gate.resolve();
  await clock.settle();
  const stopped = Promise.all([active.stop(), standby.stop()]);
  for (let time = 0; time < 5; time++) await clock.advance(1000);
  await stopped;
});

test("a database that is away makes it not ready, but live, and throws nothing", async () => {
  const { clock, look } = setUp();
  const away = {
    name: "board",
    status: () => Promise.reject(new Error("connect ECONNREFUSED")),
  };
  assert.deepEqual(await look(away), {
    live: true,
    ready: false,
    reasons: [{
      handler: "board",
      code: "unreachable",
      message: "The database did not answer: connect ECONNREFUSED",
    }],
    handlers: [{ name: "board", state: "unknown" }],
  });
  const silent = { name: "board", status: () => new Promise<never>(() => {}) };
  const asked = look(silent, { timeoutMs: 500 });
  await clock.advance(500);
  assert.equal(
    (await asked).reasons[0]?.message,
    "The database did not answer within 500 ms",
  );
  assert.deepEqual(clock.pauses(), []);
});

test("many who ask are one question", async () => {
  const { clock, create } = setUp();
  clock.pass(1_000_000);
  const handler = create();
  let asked = 0;
  const counted = {
    name: "board",
    status: () => {
      asked++;
      return handler.status();
    },
  };
  const look = () => readHealth([counted], {}, clock);
  await Promise.all([look(), look(), look()]);
  await clock.advance(1000);
  await look();
  assert.equal(asked, 1);
  await clock.advance(1);
  await look();
  assert.equal(asked, 2);
});

test("a question without an answer is not asked again at once, nor never", async () => {
  const { clock } = setUp();
  clock.pass(1_000_000);
  let asked = 0;
  const silent = {
    name: "board",
    status: () => {
      asked++;
      return new Promise<never>(() => {});
    },
  };
  const look = async () => {
    const answer = readHealth([silent], { timeoutMs: 10 }, clock);
    await clock.advance(10);
    await answer;
  };
  for (let time = 0; time < 20; time++) await look();
  assert.equal(asked, 1);
  await clock.advance(30_000);
  await look();
  assert.equal(asked, 2);
});

test("no handlers are well", async () => {
  assert.deepEqual(await health([]), {
    live: true,
    ready: true,
    reasons: [],
    handlers: [],
  });
});

/** The answer of a handler that somebody else looks after. */
function answering(status: object): HealthyHandler {
  const handler = {
    name: "board",
    status: async () => ({
      ...{ name: "board", state: "idle", streams: ["a"], position: 0 },
      lag: { events: 0, more: false, seconds: 0 },
      parked: { aggregates: 0, events: 0 },
      ...status,
    }),
  };
  return handler as unknown as HealthyHandler;
}

test("what another process, or a later version, does is not held against it", async () => {
  const { look } = setUp();
  const lag = { events: 9, more: true, seconds: 3_600 };
  const owner = { member: "m", process: "host:1", self: false };
  for (const state of ["standby", "retired", "rebuilding"]) {
    const found = await look(answering({ state, lag, owner }));
    assert.deepEqual([found.ready, codes(found)], [true, []], state);
    assert.equal(found.handlers[0]?.owner, "host:1");
  }
  const working = await look(answering({ state: "working", lag }));
  assert.deepEqual(codes(working), ["behind"]);
  assert.match(working.reasons[0]!.message, /9 or more events, 3600 s/);
  const unnamed = answering({ owner: { ...owner, process: "" } });
  assert.equal("owner" in (await look(unnamed)).handlers[0]!, false);
});

test("a limit is what is still well, of events too; failing is told while it rebuilds", async () => {
  const { look, clock } = setUp();
  const lag = { events: 5, more: false, seconds: 0 };
  assert.deepEqual(codes(await look(answering({ lag }), { lagEvents: 5 })), []);
  const late = await look(answering({ lag }), { lagEvents: 4 });
  assert.deepEqual(codes(late), ["behind"]);
  clock.pass(100_000);
  const since = new Date(0);
  const lastError = { error: "bad", since, at: since, attempts: 3 };
  const failing = await look(answering({ state: "rebuilding", lastError }));
  assert.deepEqual(failing.reasons, [{
    ...{ handler: "board", code: "failing" },
    message: 'Handler "board" fails for 100 s: bad',
  }]);
});
