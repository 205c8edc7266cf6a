import { createProvider } from "evtstore/provider/memory";
import assert from "node:assert/strict";
import { test } from "node:test";
import { FakeClock } from "./fake_clock.ts";
import {
  type HandledContext,
  HandledEvents,
  waitUntilHandled,
} from "./handled.ts";

const target = { stream: "a", aggregateId: "x", version: 1 };

/** A log of one event, and a handler somewhere that stands at `place`. */
async function setUp(change: Partial<HandledContext> = {}) {
  const provider = createProvider();
  const events = provider.createEvents("a", "x", 1, [{ type: "Done" }]);
  await provider.append("a", "x", 1, events);
  const clock = new FakeClock();
  const handled = new HandledEvents();
  const world = { place: 0, asked: [] as number[], long: [] as number[] };
  const context: HandledContext = {
    ...{ bookmark: "model", streams: ["a", "b"], provider, clock, handled },
    position: async () => {
      world.asked.push(clock.monotonic());
      return world.place;
    },
    isParked: async () => false,
    takesLong: async () => void world.long.push(clock.monotonic()),
    ...change,
  };
  return { world, clock, handled, context };
}

test("what cannot come is refused at once, by name", async () => {
  const { context, world } = await setUp();
  const wrong: [object, object, string][] = [
    [{ stream: "c" }, {}, "stream"],
    [{ aggregateId: "" }, {}, "aggregateId"],
    [{ version: 0 }, {}, "version"],
    [{ version: 1.5 }, {}, "version"],
    [{}, { timeout: 0 }, "timeout"],
    [{}, { timeout: NaN }, "timeout"],
  ];
  for (const [changed, options, field] of wrong) {
    await assert.rejects(
      waitUntilHandled({ ...target, ...changed }, options, context),
      { code: "INVALID_INPUT", field },
    );
  }
  assert.deepEqual(world.asked, []);
});

test("another process is asked again after 10 ms, and ever more rarely", async () => {
  const { context, world, clock } = await setUp();
  const waiting = waitUntilHandled(target, { timeout: 1_000 }, context);
  const late = assert.rejects(waiting, {
    code: "HANDLER_BEHIND",
    bookmark: "model",
    ...{ stream: "a", aggregateId: "x" },
  });
  await clock.settle();
  for (let ms = 0; ms < 1_000; ms++) await clock.advance(1);
  await late;
  const pauses = world.asked.slice(1).map((at, index) =>
    Math.round(at - world.asked[index]!)
  );
  assert.equal(pauses[0], 10);
  const last = pauses.pop()!;
  assert(last <= 250, "the last pause ends with the time");
  for (const [index, pause] of pauses.entries()) {
    assert(pause >= (pauses[index - 1] ?? 0) && pause <= 250);
  }
  assert(pauses.length < 15, `${pauses.length} questions`);
  const [long, ...again] = world.long;
  assert(
    long! > 400 && long! < 600,
    `told that it takes long after ${long} ms`,
  );
  assert.deepEqual(again, [], "told once");
});

test("it ends where the event is behind the handler, and not parked", async () => {
  const { context, world, clock } = await setUp();
  const waiting = waitUntilHandled(target, {}, context);
  await clock.settle();
  world.place = 1;
  await clock.advance(10);
  await waiting;
  await waitUntilHandled(target, {}, context);
  const parked = { ...context, isParked: async () => true };
  await assert.rejects(waitUntilHandled(target, {}, parked), {
    code: "EVENT_PARKED",
  });
});

test("an answer of somebody who handles it no more is asked for again", async () => {
  const answers = [undefined, undefined, false];
  const { context, world, clock } = await setUp({
    isParked: async () => answers.shift(),
  });
  world.place = 1;
  const waiting = waitUntilHandled(target, {}, context);
  for (let turn = 0; turn < 4; turn++) await clock.advance(100);
  await waiting;
  assert.deepEqual(answers, []);
});

test("a version that was never appended is not handled", async () => {
  const { context, world, clock } = await setUp();
  world.place = 1;
  for (const other of [{ version: 2 }, { aggregateId: "y" }]) {
    const wait = { timeout: 5 };
    const waiting = waitUntilHandled({ ...target, ...other }, wait, context);
    const late = assert.rejects(waiting, { code: "HANDLER_BEHIND" });
    await clock.settle();
    await clock.advance(5);
    await late;
  }
});

test("an event is handled though a later one of its aggregate is not", async () => {
  const { context, world } = await setUp();
  const { provider } = context;
  const events = provider.createEvents("a", "x", 2, [{ type: "Done" }]);
  await provider.append("a", "x", 2, events);
  world.place = 1;
  let limit: number | undefined;
  const { getEventsFor } = provider;
  provider.getEventsFor = (...args) => {
    limit = args[3]?.limit;
    return getEventsFor(...args);
  };
  await waitUntilHandled(target, {}, context);
  assert.equal(limit, 1, "it asks for no more than it needs");
});

test("who waits no longer is forgotten, and the others are not", async () => {
  const events = new HandledEvents();
  const wait = () => events.wait("a", "x", 1);
  const [first, second] = [wait(), wait()];
  first.forget();
  first.forget();
  events.passed({ ...target } as any);
  assert.deepEqual(
    [first.signal.aborted, second.signal.aborted],
    [false, true],
  );
  second.forget();
  const third = wait();
  second.forget();
  events.passed({ ...target } as any);
  assert.equal(third.signal.aborted, true);
});

test("it waits for nothing any more when it has ended, however that was", async () => {
  let forgotten = 0;
  const { context, world } = await setUp({
    handled: {
      wait: () => ({
        signal: new AbortController().signal,
        forget: () => void forgotten++,
      }),
    } as unknown as HandledEvents,
  });
  world.place = 1;
  await waitUntilHandled(target, {}, context);
  const signal = AbortSignal.abort();
  await assert.rejects(waitUntilHandled(target, { signal }, context));
  assert.equal(forgotten, 2);
});

test("a signal ends the waiting, before it and while it waits", async () => {
  const { context, world, clock } = await setUp();
  const reason = new Error("the client has gone");
  const signal = AbortSignal.abort(reason);
  await assert.rejects(waitUntilHandled(target, { signal }, context), reason);
  assert.deepEqual(world.asked, []);
  const ending = new AbortController();
  const waiting = waitUntilHandled(
    target,
    { signal: ending.signal },
    context,
  );
  const ended = assert.rejects(waiting, reason);
  await clock.settle();
  ending.abort(reason);
  await ended;
  assert.deepEqual(clock.pauses(), [], "it sleeps no longer");
});

test("what this process handles wakes who waits for it, with a signal or without", async () => {
  const { context, handled, clock } = await setUp();
  const { signal } = new AbortController();
  const ends: string[] = [];
  const waits = [{}, { signal }].map(async (options) => {
    await waitUntilHandled(target, options, context);
    ends.push("done");
  });
  await clock.settle();
  const passed = (stream: string, aggregateId: string, version: number) =>
    handled.passed({ stream, aggregateId, version } as any);
  passed("b", "x", 1);
  passed("a", "y", 1);
  passed("a", "x", 0);
  await clock.settle();
  assert.deepEqual(ends, []);
  passed("a", "x", 2);
  await Promise.all(waits);
  assert.deepEqual(clock.pauses(), []);
});
