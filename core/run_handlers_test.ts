import type { HandlerLog, RunHandlersOptions, StoreError } from "evtstore";
import { createProvider } from "evtstore/provider/memory";
import assert from "node:assert/strict";
import process from "node:process";
import { test } from "node:test";
import { EventHandler } from "./event_handler.ts";
import type { EventHandlerOptions } from "./event_handler_options.ts";
import { FakeClock } from "./fake_clock.ts";
import { readHealth } from "./health.ts";
import {
  HandlerService,
  runHandlers,
  type RunnableHandler,
} from "./run_handlers.ts";

class FakeSignals {
  listeners: Map<string, () => void> = new Map();
  exits: number[] = [];
  listen(name: string, listener: () => void) {
    this.listeners.set(name, listener);
    return () => void this.listeners.delete(name);
  }
  exit(code: number) {
    this.exits.push(code);
  }
  exitCodeOf(name: string) {
    return name === "SIGTERM" ? 143 : 130;
  }
}

function setUp(options: Partial<EventHandlerOptions> = {}) {
  const provider = createProvider({ onError: () => {} });
  const clock = new FakeClock();
  const signals = new FakeSignals();
  const lines: HandlerLog[] = [];
  const create = (bookmark: string) =>
    new EventHandler({
      bookmark,
      streams: ["a"],
      provider,
      exclusive: false,
      ...options,
    }, clock);
  const append = async (id: string) => {
    const version = (await provider.getLastEventFor("a", id))?.version ?? 0;
    const events = provider.createEvents("a", id, version + 1, [
      { type: "Done", secret: "4711" },
    ]);
    await provider.append("a", id, version + 1, events);
  };
  const run = (
    handlers: RunnableHandler[],
    more: RunHandlersOptions = {},
  ) => {
    const log = (line: HandlerLog) => lines.push(line);
    return new HandlerService(handlers, { log, ...more }, clock, signals);
  };
  /** What was logged since the last look. */
  const logged = () =>
    lines.splice(0).map(({ event, handler }) =>
      handler ? `${handler} ${event}` : event
    );
  return { provider, clock, signals, lines, create, append, run, logged };
}

test("handlers are started, logged, and stopped with their bookmarks stored", async () => {
  const { provider, clock, create, append, run, logged, lines } = setUp();
  await append("x");
  const service = run([create("one"), create("two")]);
  await clock.settle();
  assert.deepEqual(logged(), [
    "one started",
    "two started",
    "one active",
    "two active",
  ]);
  await append("y");
  await clock.advance(5000);
  assert.deepEqual(logged(), [], "a handler that does its work is silent");
  lines.length = 0;
  await service.stop();
  assert.deepEqual(lines[0], {
    level: "info",
    event: "stopping",
    message: "Stops 2 handlers",
  });
  assert.deepEqual(logged(), ["stopping", "one stopped", "two stopped"]);
  assert.deepEqual(await service.stopped, {});
  assert.equal(await provider.getPosition("two"), 2);
  assert.deepEqual(clock.pauses(), [], "no timer is left");
});

test("a failure is logged the first time and ever more rarely, and its end", async () => {
  const { clock, lines, create, append, run, logged } = setUp();
  const handler = create("mails");
  let broken = true;
  handler.subscribe("a", "Done", () => {
    if (broken) throw new RangeError("mail server is away");
  });
  await append("x");
  const service = run([handler]);
  await clock.settle();
  const { level, message, attempts, error, type, ...rest } = lines[2]!;
  assert.equal(
    message,
    'Handler "mails" fails at version 1 of "x" in stream "a", and tries again: mail server is away',
  );
  assert.deepEqual([level, attempts, type], ["warn", 1, "Done"]);
  assert.equal(error?.name, "RangeError");
  assert.deepEqual(rest, {
    event: "failing",
    handler: "mails",
    stream: "a",
    aggregateId: "x",
    version: 1,
  });
  assert(!JSON.stringify(lines).includes("4711"), "no line has a payload");
  logged();
  for (let tries = 0; tries < 19; tries++) await clock.advance(10_000);
  assert.deepEqual(lines.map(({ attempts }) => attempts), [2, 4, 8, 16]);
  logged();
  broken = false;
  await clock.advance(10_000);
  assert.deepEqual(logged(), ["mails recovered"]);
  await service.stop();
});

test("another failure is news", async () => {
  const { clock, lines, create, append, run } = setUp();
  const handler = create("mails");
  let text = "first";
  handler.subscribe("a", "Done", () => {
    throw new Error(text);
  });
  await append("x");
  const service = run([handler]);
  await clock.settle();
  for (let tries = 0; tries < 2; tries++) await clock.advance(10_000);
  lines.length = 0;
  text = "second";
  await clock.advance(10_000);
  await clock.advance(10_000);
  assert.deepEqual(lines.map(({ error }) => error?.message), ["second"]);
  await service.stop();
});

test("recovery is logged with the event that had failed, not at the end of the log", async () => {
  const { clock, create, append, run, logged } = setUp();
  const handler = create("mails");
  let broken = true;
  const gate = Promise.withResolvers<void>();
  handler.subscribe("a", "Done", (id) => {
    if (id === "y") return gate.promise;
    if (broken) throw new Error("away");
  });
  await append("x");
  await append("y");
  const service = run([handler]);
  await clock.settle();
  broken = false;
  logged();
  await clock.advance(100);
  assert.deepEqual(logged(), ["mails recovered"]);
  gate.resolve();
  await service.stop();
});

test("a lane that goes on does not end the failure of another", async () => {
  const { clock, create, append, run, logged } = setUp({
    concurrency: 2,
    onFailure: "park",
    retry: { times: 3, minMs: 1000 },
  });
  const handler = create("mails");
  const gate = Promise.withResolvers<void>();
  let handled = "";
  handler.subscribe("a", "Done", async (id) => {
    if (id === "x") throw new Error("away");
    await gate.promise;
    handled = id;
  });
  await append("x");
  await append("y");
  const service = run([handler]);
  await clock.settle();
  assert.deepEqual(logged().slice(-1), ["mails failing"]);
  gate.resolve();
  await clock.settle();
  assert.equal(handled, "y");
  assert.deepEqual(logged(), [], "x still fails");
  await service.stop();
});

test("parked and skipped events are logged with what the callback threw", async () => {
  for (const [onFailure, event] of [["park", "parked"], ["skip", "skipped"]]) {
    const { clock, lines, create, append, run, logged } = setUp({
      onFailure: onFailure as "park",
      retry: { times: 1 },
    });
    const handler = create("tax");
    handler.subscribe("a", "Done", (id) => {
      if (id === "x") throw new Error("no tax");
    });
    await append("x");
    await append("y");
    const service = run([handler]);
    await clock.settle();
    await clock.advance(100);
    const line = lines.at(-1)!;
    assert.equal(line.event, event);
    assert.equal(line.level, "error");
    assert.equal(line.error?.message, "no tax");
    assert.equal(line.aggregateId, "x");
    assert.deepEqual(logged(), [
      "tax started",
      "tax active",
      "tax failing",
      `tax ${event}`,
    ]);
    await service.stop();
  }
});

test("one stands by while another works, and takes over", async () => {
  const { clock, lines, create, run, logged } = setUp({ exclusive: true });
  const first = create("board");
  first.start();
  await clock.settle();
  const service = run([create("board")]);
  await clock.settle();
  assert.deepEqual(logged(), ["board started", "board standby"]);
  const stopping = first.stop();
  await clock.advance(1000);
  await stopping;
  await clock.advance(1000);
  assert.deepEqual(logged(), ["board active"]);
  const end = service.stop();
  await clock.advance(1000);
  await end;
  assert.deepEqual(lines.map(({ event }) => event), ["stopping", "stopped"]);
});

test("one that a later version takes over is retired, and well", async () => {
  const { provider, clock, create, append, run, logged } = setUp({
    exclusive: true,
  });
  const first = create("board");
  const service = run([first]);
  await append("x");
  await clock.settle();
  assert.deepEqual(logged(), ["board started", "board active"]);
  const second = new EventHandler(
    { bookmark: "board", streams: ["a"], provider, version: 2 },
    clock,
  );
  second.start();
  for (let seconds = 0; seconds < 60; seconds++) await clock.advance(1000);
  assert.equal((await first.status()).state, "retired");
  assert.deepEqual(logged(), ["board retired"]);
  const { live, ready } = await readHealth([first, second], {}, clock);
  assert.deepEqual({ live, ready }, { live: true, ready: true });
  const ending = Promise.all([service.stop(), second.stop()]);
  await clock.advance(1000);
  await ending;
});

test("a signal stops the handlers; the listeners are gone then", async () => {
  const { clock, signals, lines, create, run } = setUp();
  const service = run([create("one")]);
  await clock.settle();
  assert.deepEqual([...signals.listeners.keys()], ["SIGINT", "SIGTERM"]);
  lines.length = 0;
  signals.listeners.get("SIGTERM")!();
  assert.deepEqual(await service.stopped, { signal: "SIGTERM" });
  assert.deepEqual(lines[0], {
    level: "info",
    event: "stopping",
    message: "Stops 1 handler at SIGTERM",
    signal: "SIGTERM",
  });
  assert.deepEqual(signals.exits, [], "the process ends by itself");
  assert.equal(signals.listeners.size, 0);
});

test("a second signal exits at once", async () => {
  const { clock, signals, create, append, run, lines } = setUp();
  const handler = create("one");
  const gate = Promise.withResolvers<void>();
  handler.subscribe("a", "Done", () => gate.promise);
  await append("x");
  const service = run([handler]);
  await clock.settle();
  signals.listeners.get("SIGINT")!();
  await clock.settle();
  assert.deepEqual(signals.exits, []);
  signals.listeners.get("SIGTERM")!();
  assert.deepEqual(signals.exits, [143]);
  assert.deepEqual(lines.at(-1), {
    level: "error",
    event: "stopping",
    message: "Exits at once: SIGTERM came while handlers were stopping",
    signal: "SIGTERM",
  });
  gate.resolve();
  await service.stopped;
});

test("a callback that does not end is named when the time is over", async () => {
  const { clock, signals, create, append, run, logged, lines } = setUp();
  const handler = create("slow");
  const gate = Promise.withResolvers<void>();
  handler.subscribe("a", "Done", () => gate.promise);
  await append("x");
  const service = run([handler, create("quick")], { stopMs: 3000 });
  await clock.settle();
  logged();
  signals.listeners.get("SIGTERM")!();
  await clock.advance(2999);
  assert.deepEqual(logged(), ["stopping", "quick stopped"]);
  await clock.advance(1);
  assert.equal(lines[0]?.level, "error");
  assert.deepEqual(logged(), ["slow overdue"]);
  assert.deepEqual(signals.exits, [1]);
  await assert.rejects(
    service.stop(),
    (error: StoreError) =>
      error.code === "STOP_OVERDUE" && error.bookmark === "slow" &&
      /^Cannot stop "slow" within 3000 ms/.test(error.message),
  );
  gate.resolve();
  await service.stopped;
  assert.deepEqual(logged(), ["slow stopped"]);
});

test("a handler that fails to stop is logged, and the others stop", async () => {
  const { clock, lines, create, run, provider } = setUp();
  const [bad, good] = [create("bad"), create("good")];
  bad.stop = () => Promise.reject(new Error("no connection"));
  const service = run([bad, good]);
  await clock.settle();
  await service.stop();
  const [line] = lines.filter(({ level }) => level === "error");
  assert.deepEqual(line, {
    level: "error",
    event: "stopped",
    handler: "bad",
    message: 'Handler "bad" failed to stop: Error: no connection',
  });
  assert.equal((await good.status()).state, "stopped");
  assert.equal(await provider.getPosition("good"), 0);
});

test("a failure to reach the store has no event, and no place", async () => {
  const { clock, lines, create, run, provider } = setUp();
  provider.getEventsFrom = () => Promise.reject(new Error("no connection"));
  const service = run([create("one")]);
  await clock.settle();
  const [line] = lines.filter(({ event }) => event === "failing");
  const { error, ...rest } = line!;
  assert.deepEqual(rest, {
    level: "warn",
    event: "failing",
    handler: "one",
    message: 'Handler "one" fails, and tries again: no connection',
    attempts: 1,
  });
  assert.equal(error?.message, "no connection");
  await service.stop();
});

test("runHandlers() logs lines of JSON to the console, with their time", async (t) => {
  const written: string[] = [];
  t.mock.method(console, "info", (text: string) => void written.push(text));
  const { create } = setUp();
  const before = Date.now();
  const service = runHandlers([create("one")], { signals: [] });
  await service.stop();
  const lines = written.map((text) => JSON.parse(text));
  assert.deepEqual(lines[0].event, "started");
  for (const { time, level, message } of lines) {
    assert(Math.abs(new Date(time).getTime() - before) < 60_000);
    assert.equal(level, "info");
    assert.equal(typeof message, "string");
  }
  assert.deepEqual(Object.keys(lines[0]).slice(0, 2), ["time", "level"]);
});

test("signals can be left alone, and where there are none nothing is missed", async () => {
  const { signals, create, run } = setUp();
  const service = run([create("one")], { signals: false });
  assert.equal(signals.listeners.size, 0);
  await service.stop();
});

test("a handler that ends without being told is worth a warning", async () => {
  const { clock, lines, create, run } = setUp();
  const handler = create("one");
  const service = run([handler]);
  await clock.settle();
  await handler.stop();
  const { level, event, message } = lines.at(-1)!;
  assert.deepEqual([level, event], ["warn", "stopped"]);
  assert.equal(message, 'Handler "one" has stopped by itself');
  await service.stop();
});

test("await using stops them", async () => {
  const { create, run, logged } = setUp();
  {
    await using _service = run([create("one")]);
  }
  assert.deepEqual(logged().slice(-2), ["stopping", "one stopped"]);
});

test("a logger that throws stops nothing", async (t) => {
  const { clock, create, append, run } = setUp();
  const handler = create("one");
  let seen = 0;
  handler.subscribe("a", "Done", () => seen++);
  await append("x");
  const warnings: string[] = [];
  t.mock.method(process, "emitWarning", (text: string) => warnings.push(text));
  const service = run([handler], {
    log: () => {
      throw new Error("disk is full");
    },
  });
  await clock.settle();
  await service.stop();
  assert.equal(seen, 1);
  assert.match(warnings[0]!, /bookmark "one".*disk is full/s);
});

test("a stop may take no time at all, and as much as a timer can", async () => {
  const { create, run, clock } = setUp();
  for (const stopMs of [0, 2 ** 31 - 1]) {
    const service = run([create("one")], { stopMs });
    await clock.settle();
    await service.stop();
  }
});

test("what cannot be meant is refused, and nothing is started", () => {
  const { create, run, logged } = setUp();
  const one = create("one");
  const refused = (field: string) => (error: StoreError) =>
    error.code === "INVALID_INPUT" && error.field === field;
  assert.throws(() => run([one, one]), refused("handlers"));
  assert.throws(() => run([one], { stopMs: -1 }), refused("stopMs"));
  assert.throws(() => run([one], { stopMs: Infinity }), refused("stopMs"));
  assert.throws(() => run([one], { stopMs: 2 ** 31 }), refused("stopMs"));
  assert.deepEqual(logged(), []);
});
