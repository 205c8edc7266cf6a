import { createProvider } from "evtstore/provider/memory";
import assert from "node:assert/strict";
import process from "node:process";
import { test } from "node:test";
import { MemoryBookmark, type ProviderBookmark } from "./bookmark.ts";
import { StoreError } from "./errors.ts";
import { EventHandler } from "./event_handler.ts";
import type { EventHandlerOptions } from "./event_handler_options.ts";
import { FakeClock } from "./fake_clock.ts";
import type { Provider } from "./provider.ts";

type Report = { error: any; stream: string; bookmark: string; event: any };

function setUp(
  options: Partial<EventHandlerOptions> = {},
  change: (provider: Provider<any>) => Provider<any> = (provider) => provider,
) {
  const reports: Report[] = [];
  const provider = createProvider({
    onError: (error, stream, bookmark, event) => {
      reports.push({ error, stream, bookmark, event });
    },
  });
  const clock = new FakeClock();
  const seen: string[] = [];
  const create = () => {
    const handler = new EventHandler({
      bookmark: "model",
      streams: ["a"],
      provider: change(provider),
      exclusive: false,
      ...options,
    }, clock);
    handler.subscribe("a", "Done", (id, event, meta) => {
      seen.push(`${id} ${meta.version} ${event.what}`);
    });
    return handler;
  };
  const append = async (what: string, stream = "a", id = "1") => {
    const last = await provider.getLastEventFor(stream, id);
    const version = (last?.version ?? 0) + 1;
    const events = provider.createEvents(stream, id, version, [
      { type: "Done", what },
    ]);
    await provider.append(stream, id, version, events);
  };
  return { provider, clock, seen, reports, append, create, handler: create() };
}

test("nothing runs and no timer exists before start()", async () => {
  const { handler, clock, seen, append } = setUp();
  await append("x");
  await clock.advance(60_000);
  assert.deepEqual(seen, []);
  assert.deepEqual(clock.pauses(), []);
  await handler.stop();
});

test("start() handles what is there, and what comes", async () => {
  const { handler, clock, seen, append } = setUp();
  await append("x");
  handler.start();
  await clock.settle();
  assert.deepEqual(seen, ["1 1 x"]);
  await append("y");
  await clock.settle();
  assert.deepEqual(seen, ["1 1 x", "1 2 y"]);
  await handler.stop();
  assert.deepEqual(clock.pauses(), []);
});

test("start() polls where the provider cannot push", async () => {
  const { handler, clock, seen, append } = setUp(
    { poll: 300 },
    ({ watch: _, ...provider }) => provider,
  );
  handler.start();
  await clock.settle();
  await append("x");
  await clock.advance(299);
  assert.deepEqual(seen, []);
  await clock.advance(1);
  assert.deepEqual(seen, ["1 1 x"]);
  await handler.stop();
});

test("start() twice is once", async () => {
  const { handler, clock, seen, append } = setUp();
  handler.start();
  handler.start();
  await append("x");
  await clock.settle();
  assert.deepEqual(seen, ["1 1 x"]);
  assert.equal(clock.pauses().length, 1);
  await handler.stop();
});

test("an event that arrives between a read and the pause is not waited for", async () => {
  const { handler, clock, seen, append } = setUp({}, (provider) => ({
    ...provider,
    getEventsFrom: async (...args) => {
      const events = await provider.getEventsFrom(...args);
      // Comes after the last empty read, before the handler sleeps.
      if (events.length === 0 && seen.length === 0) await append("x");
      return events;
    },
  }));
  handler.start();
  await clock.settle();
  assert.deepEqual(seen, ["1 1 x"]);
  await handler.stop();
});

test("stop() lets the event in hand finish and stores the bookmark", async () => {
  const { handler, provider, clock, seen, append } = setUp();
  let finish!: () => void;
  handler.subscribe("a", "Done", async (_id, { what }) => {
    await new Promise<void>((resolve) => finish = resolve);
    seen.push(what);
  });
  await append("x");
  await append("y");
  handler.start();
  await clock.settle();
  let stopped = false;
  const stopping = handler.stop().then(() => stopped = true);
  await clock.settle();
  assert.equal(stopped, false);
  finish();
  await stopping;
  assert.deepEqual(seen, ["x"]);
  const [first] = await provider.getEventsFrom("a", 0);
  assert.equal(await provider.getPosition("model"), first!.position);
});

test("stop() ends a pause at once", async () => {
  const { handler, clock } = setUp();
  handler.start();
  await clock.settle();
  await handler.stop();
  assert.deepEqual(clock.pauses(), []);
});

test("stop() of a handler that never started does nothing", async () => {
  const { handler } = setUp();
  await handler.stop();
  await handler.stop();
});

test("stop() inside a callback does not wait for itself", async () => {
  const { handler, clock, seen, append } = setUp();
  handler.subscribe("a", "Done", async (_id, { what }) => {
    seen.push(what);
    await handler.stop();
    seen.push("stopped");
  });
  await append("x");
  await append("y");
  handler.start();
  await clock.settle();
  assert.deepEqual(seen, ["x", "stopped"]);
  assert.deepEqual(clock.pauses(), []);
});

test("a handler starts again where it was stopped", async () => {
  const { handler, clock, seen, append } = setUp();
  await append("x");
  handler.start();
  await clock.settle();
  const stopping = handler.stop();
  handler.start();
  await stopping;
  await append("y");
  await clock.settle();
  assert.deepEqual(seen, ["1 1 x", "1 2 y"]);
  await handler.stop();
});

test("await using stops the handler", async () => {
  const { create, clock } = setUp();
  {
    await using handler = create();
    handler.start();
    await clock.settle();
    assert.equal(clock.pauses().length, 1);
  }
  assert.deepEqual(clock.pauses(), []);
});

test("runOnce() catches up and returns how many events it saw", async () => {
  const { handler, seen, append } = setUp();
  await append("x");
  await append("y", "a", "2");
  await append("other", "b");
  assert.equal(await handler.runOnce(), 2);
  assert.equal(await handler.runOnce(), 0);
  assert.deepEqual(seen, ["1 1 x", "2 1 y"]);
});

test("runOnce() sees what its own callbacks append", async () => {
  const { handler, seen, append } = setUp();
  handler.subscribe("a", "Done", async (_id, { what }) => {
    seen.push(what);
    if (what.length < 3) await append(what + "x");
  });
  await append("x");
  assert.equal(await handler.runOnce(), 3);
  assert.deepEqual(seen, ["x", "xx", "xxx"]);
});

test("runOnce() waits for the pass that is running", async () => {
  const { handler, clock, seen, append } = setUp();
  await append("x");
  handler.start();
  const [first, second] = await Promise.all([
    handler.runOnce(),
    handler.runOnce(),
  ]);
  assert.equal(first + second <= 1, true);
  assert.deepEqual(seen, ["1 1 x"]);
  await handler.stop();
  assert.deepEqual(clock.pauses(), []);
});

test("runOnce() inside a callback is refused", async () => {
  const { handler, append } = setUp();
  handler.subscribe("a", "Done", () => handler.runOnce());
  await append("x");
  await assert.rejects(
    handler.runOnce(),
    (error) =>
      error instanceof StoreError && error.code === "HANDLER_REENTERED",
  );
});

test("runOnce() rejects with what a callback throws, and handles it again", async () => {
  const { handler, seen, append, reports } = setUp();
  const failure = new Error("not today");
  let failing = true;
  handler.subscribe("a", "Done", (_id, { what }) => {
    if (what === "y" && failing) throw failure;
    seen.push(what);
  });
  for (const what of ["x", "y", "z"]) await append(what);
  await assert.rejects(handler.runOnce(), failure);
  assert.deepEqual(seen, ["x"]);
  failing = false;
  assert.equal(await handler.runOnce(), 2);
  assert.deepEqual(seen, ["x", "y", "z"]);
  assert.deepEqual(reports, []);
});

test("an event before one that failed is not handled again after a restart", async () => {
  const { handler, create, seen, append } = setUp();
  handler.subscribe("a", "Done", (_id, { what }) => {
    if (what === "y") throw new Error("not today");
    seen.push(what);
  });
  await append("x");
  await append("y");
  await assert.rejects(handler.runOnce());
  await create().runOnce();
  assert.deepEqual(seen, ["x", "1 2 y"]);
});

test("a failing callback is reported with its event, and retried with growing pauses", async () => {
  const { handler, clock, append, reports } = setUp();
  const failure = new Error("not today");
  handler.subscribe("a", "Done", () => {
    throw failure;
  });
  await append("x");
  handler.start();
  const pauses: number[] = [];
  for (let attempt = 0; attempt < 9; attempt++) {
    await clock.settle();
    const [pause] = clock.pauses();
    pauses.push(pause!);
    await clock.advance(pause!);
  }
  assert.deepEqual(pauses, [
    ...[100, 200, 400, 800, 1600, 3200, 6400],
    ...[10_000, 10_000],
  ]);
  const { error, stream, bookmark, event } = reports[0]!;
  assert.equal(error, failure);
  assert.equal(stream, "a");
  assert.equal(bookmark, "model");
  assert.equal(event.type, "Done");
  assert.equal(event.event.what, "x");
  assert.equal(event.aggregateId, "1");
  await handler.stop();
});

test("the pause after a failure falls back after a success", async () => {
  const { handler, clock, append, seen } = setUp();
  let failing = true;
  handler.subscribe("a", "Done", (_id, { what }) => {
    if (failing) throw new Error("not today");
    seen.push(what);
  });
  await append("x");
  handler.start();
  await clock.settle();
  await clock.advance(100);
  assert.deepEqual(clock.pauses(), [200]);
  failing = false;
  await clock.advance(200);
  assert.deepEqual(seen, ["x"]);
  failing = true;
  await append("y");
  await clock.settle();
  assert.deepEqual(clock.pauses(), [100]);
  await handler.stop();
});

test("the pause falls back when an event before the failure was handled", async () => {
  const { handler, clock, append } = setUp();
  let failing = "x";
  handler.subscribe("a", "Done", (_id, { what }) => {
    if (what === failing) throw new Error("not today");
  });
  await append("x");
  await append("y");
  handler.start();
  await clock.settle();
  await clock.advance(100);
  assert.deepEqual(clock.pauses(), [200]);
  failing = "y";
  await clock.advance(200);
  assert.deepEqual(clock.pauses(), [100]);
  await handler.stop();
});

test("continueOnError reports an event and goes on", async () => {
  const { handler, append, reports, seen, provider } = setUp({
    continueOnError: true,
  });
  const failure = new Error("not today");
  handler.subscribe("a", "Done", (_id, { what }) => {
    if (what === "y") throw failure;
    seen.push(what);
  });
  for (const what of ["x", "y", "z"]) await append(what);
  assert.equal(await handler.runOnce(), 3);
  assert.deepEqual(seen, ["x", "z"]);
  assert.equal(reports.length, 1);
  assert.equal(reports[0]!.error, failure);
  assert.equal(reports[0]!.event.event.what, "y");
  const last = await provider.getLastEventFor("a");
  assert.equal(await provider.getPosition("model"), last!.position);
});

test("an error of the provider is reported with the streams, and survived", async () => {
  const failure = new Error("connection lost");
  let failing = true;
  const { handler, clock, append, reports, seen } = setUp(
    { streams: ["a", "b"] },
    (provider) => ({
      ...provider,
      getEventsFrom: (...args) =>
        failing ? Promise.reject(failure) : provider.getEventsFrom(...args),
    }),
  );
  await append("x");
  handler.start();
  await clock.settle();
  assert.deepEqual(reports, [
    { error: failure, stream: "a, b", bookmark: "model", event: undefined },
  ]);
  failing = false;
  await clock.advance(100);
  assert.deepEqual(seen, ["1 1 x"]);
  await handler.stop();
});

test("an onError that fails does not end the handler, and is not silent", async () => {
  const warnings: string[] = [];
  const listener = ({ message }: Error) => warnings.push(message);
  process.on("warning", listener);
  const failed = new Error("cannot report");
  for (
    const onError of [
      () => {
        throw failed;
      },
      () => Promise.reject(failed),
    ]
  ) {
    const { handler, clock, append, seen } = setUp({}, (provider) => ({
      ...provider,
      onError,
    }));
    let failing = true;
    handler.subscribe("a", "Done", (_id, { what }) => {
      if (failing) throw new Error("not today");
      seen.push(what);
    });
    await append("x");
    handler.start();
    await clock.settle();
    failing = false;
    await clock.advance(100);
    assert.deepEqual(seen, ["x"]);
    await handler.stop();
  }
  process.off("warning", listener);
  assert.equal(warnings.length, 2);
  for (const warning of warnings) {
    assert.match(warning, /bookmark "model", stream "a", event "Done"/);
    assert.match(warning, /cannot report/);
  }
});

test("the bookmark is stored after a page, a second, or so many events", async () => {
  const cases: [EventHandlerOptions["checkpoint"], number, number][] = [
    [undefined, 0, 1],
    [undefined, 400, 2],
    [{ events: 2 }, 0, 3],
    [{ events: 1 }, 0, 5],
    [{ ms: 100 }, 100, 5],
  ];
  for (const [checkpoint, msPerEvent, expected] of cases) {
    let stores = 0;
    const { handler, clock, append } = setUp(
      checkpoint ? { checkpoint } : {},
      (provider) => ({
        ...provider,
        setPosition: (...args) => {
          stores++;
          return provider.setPosition(...args);
        },
      }),
    );
    handler.subscribe("a", "Done", () => clock.pass(msPerEvent));
    for (let count = 0; count < 5; count++) await append("x");
    await handler.runOnce();
    assert.equal(stores, expected, JSON.stringify({ checkpoint, msPerEvent }));
  }
});

test("hooks are called around each page", async () => {
  const calls: string[] = [];
  const { handler, append } = setUp({
    streams: ["a", "b"],
    hooks: {
      preRun: async () => void calls.push("pre"),
      postRun: async (events, handled) =>
        void calls.push(`post ${events} ${handled}`),
    },
  });
  await append("x");
  await append("no callback", "b");
  await handler.runOnce();
  assert.deepEqual(calls, ["pre", "post 2 1", "pre", "post 0 0"]);
});

test("an event that is skipped counts as handled", async () => {
  const counts: string[] = [];
  const { handler, append } = setUp({
    onFailure: "skip",
    retry: { times: 0 },
    hooks: {
      postRun: async (events, handled) =>
        void counts.push(`${events} ${handled}`),
    },
  });
  handler.subscribe("a", "Done", (_id, { what }) => {
    if (what === "bad") throw new Error("not today");
  });
  for (const what of ["good", "bad", "good"]) await append(what);
  assert.equal(await handler.runOnce(), 3);
  assert.deepEqual(counts, ["3 3", "0 0"]);
});

test("a bookmark that cannot be stored at a failure is told of beside it", async () => {
  let isAway = true;
  const { handler, append, reports, provider, clock } = setUp({}, (shared) => ({
    ...shared,
    setPosition: async (...args) => {
      if (isAway) throw new Error("connection lost");
      return await shared.setPosition(...args);
    },
  }));
  handler.subscribe("a", "Done", (_id, { what }) => {
    if (what === "bad") throw new Error("not today");
  });
  await append("good");
  await append("bad");
  handler.start();
  await clock.settle();
  assert.deepEqual(reports.map(({ error }) => error.message), [
    "connection lost",
    "not today",
  ]);
  isAway = false;
  await handler.stop();
  assert.equal(await provider.getPosition("model"), 1);
});

test("either hook may be left out", async () => {
  const calls: string[] = [];
  for (
    const hooks of [
      { preRun: async () => void calls.push("pre") },
      {
        postRun: async (events: number, handled: number) =>
          void calls.push(`post ${events} ${handled}`),
      },
    ]
  ) {
    const { handler, append } = setUp({ hooks });
    await append("x");
    assert.equal(await handler.runOnce(), 1);
  }
  assert.deepEqual(calls, ["pre", "pre", "post 1 1", "post 0 0"]);
});

test("getPosition() in a callback is where the handler began, and ends nothing", async () => {
  const { handler, append, seen } = setUp();
  const places: unknown[] = [];
  handler.subscribe("a", "Done", async (_id, { what }) => {
    seen.push(what);
    places.push(await handler.getPosition());
  });
  await append("x");
  await append("y");
  await handler.runOnce();
  assert.deepEqual(seen, ["x", "y"]);
  assert.deepEqual(places, [0, 0]);
  assert.equal(await handler.getPosition(), 2);
});

test("a bookmark that another handler moves is followed", async () => {
  const { create, seen, append, provider } = setUp();
  const [first, second] = [create(), create()];
  await append("x");
  await first.runOnce();
  await append("y");
  await second.runOnce();
  await append("z");
  // Its place is now behind the stored one.
  await first.runOnce();
  const last = await provider.getLastEventFor("a");
  assert.equal(await provider.getPosition("model"), last!.position);
  assert.equal(seen.at(-1), "1 3 z");
});

test("a bookmark that always moves away ends in an error", async () => {
  const { handler, append } = setUp({}, (provider) => ({
    ...provider,
    setPosition: async () => false,
  }));
  await append("x");
  await assert.rejects(
    handler.runOnce(),
    (error) =>
      error instanceof StoreError && error.code === "BOOKMARK_MOVED" &&
      error.bookmark === "model",
  );
});

test("reset() reads the stored bookmark again", async () => {
  const { handler, provider, seen, append } = setUp();
  await append("x");
  await handler.runOnce();
  await provider.setPosition("model", 0);
  handler.reset();
  assert.equal(await handler.getPosition(), 0);
  await handler.runOnce();
  assert.deepEqual(seen, ["1 1 x", "1 1 x"]);
});

test("setPosition() stores the place, and says if it was moved away", async () => {
  const { handler, provider, append } = setUp();
  await append("other", "b");
  await handler.runOnce();
  assert.equal(await provider.getPosition("model"), 0);
  await handler.setPosition();
  assert.equal(await provider.getPosition("model"), 1);
  await append("other", "b");
  await handler.runOnce();
  await provider.setPosition("model", 0);
  await assert.rejects(
    handler.setPosition(),
    (error) => error instanceof StoreError && error.code === "BOOKMARK_MOVED",
  );
});

test("run() is one turn of a started handler, with errors to onError", async () => {
  // Nothing but run() and the poll could notice an event.
  const { handler, seen, append, reports, clock } = setUp(
    { poll: 60_000 },
    ({ watch: _, ...provider }) => provider,
  );
  await handler.run();
  await append("x");
  await handler.run();
  assert.deepEqual(seen, []);
  handler.start();
  await clock.settle();
  assert.deepEqual(seen, ["1 1 x"]);
  await append("z");
  await handler.run();
  assert.deepEqual(seen, ["1 1 x", "1 2 z"]);
  const failure = new Error("not today");
  handler.subscribe("a", "Done", () => {
    throw failure;
  });
  await append("y");
  await handler.run();
  assert.deepEqual(reports.map(({ error }) => error), [failure]);
  await handler.stop();
  await clock.settle();
});

test("status() says what the handler does, also while it does it", async () => {
  const { handler, append, clock } = setUp({
    onFailure: "skip",
    retry: { times: 1, minMs: 500 },
  });
  const states: string[] = [];
  const look = async () => states.push((await handler.status()).state);
  handler.subscribe("a", "Done", async () => {
    await look();
    throw new Error("not today");
  });
  await append("x");
  await look();
  handler.start();
  await clock.settle();
  await look();
  await clock.advance(500);
  await look();
  await handler.stop();
  await look();
  assert.deepEqual(states, [
    "stopped",
    "working",
    "retrying",
    "working",
    "idle",
    "stopped",
  ]);
});

test("status() of a handler that works here knows more than its bookmark", async () => {
  const { handler, append, clock, provider } = setUp();
  const places: unknown[] = [];
  handler.subscribe("a", "Done", async () => {
    const { position } = await handler.status();
    places.push([position, await provider.getPosition("model")]);
  });
  await append("x");
  await append("y");
  handler.start();
  await clock.settle();
  await handler.stop();
  assert.deepEqual(places, [[0, 0], [1, 0]]);
  await provider.setPosition("model", 1);
  assert.equal((await handler.status()).position, 1);
});

test("a bookmark that could not be stored is stored at the stop", async () => {
  let isAway = true;
  const { handler, provider, append, clock } = setUp({}, (shared) => ({
    ...shared,
    setPosition: async (...args) => {
      if (isAway) throw new Error("connection lost");
      return await shared.setPosition(...args);
    },
  }));
  await append("x");
  handler.start();
  await clock.settle();
  isAway = false;
  await handler.stop();
  assert.equal(await provider.getPosition("model"), 1);
});

test("a bookmark that cannot be stored at the stop is reported", async () => {
  const { handler, append, reports, clock } = setUp({}, (shared) => ({
    ...shared,
    setPosition: () => Promise.reject(new Error("connection lost")),
  }));
  await append("x");
  handler.start();
  await clock.settle();
  const before = reports.length;
  await handler.stop();
  assert.equal(reports.length, before + 1);
  assert.match(reports.at(-1)!.error.message, /connection lost/);
});

test("stop() while another pass goes on: nothing follows that pass", async () => {
  const { handler, append, seen, clock } = setUp();
  const open = new AbortController();
  const opened = new Promise((resolve) =>
    open.signal.addEventListener("abort", resolve)
  );
  handler.subscribe("a", "Done", async (_id, { what }) => {
    seen.push(what);
    await opened;
  });
  await append("x");
  const pass = handler.runOnce();
  await clock.settle();
  handler.start();
  await clock.settle();
  const stopping = handler.stop();
  await append("y");
  open.abort();
  await Promise.all([pass, stopping]);
  assert.deepEqual(seen, ["x"]);
});

test("the error of a provider without records is reported as it is", async () => {
  const failure = new Error("no connection");
  const { handler, reports, clock } = setUp(
    {},
    ({ records: _records, transact: _transact, ...provider }) => ({
      ...provider,
      getEventsFrom: () => Promise.reject(failure),
    }),
  );
  await assert.rejects(handler.runOnce(), failure);
  handler.start();
  await clock.settle();
  assert.deepEqual(reports.map(({ error }) => error), [failure]);
  await handler.stop();
});

test("MemoryBookmark begins at the first event, and stores nothing", async () => {
  const { create, provider, seen, append } = setUp({
    bookmark: MemoryBookmark,
  });
  await append("x");
  const first = create();
  await first.runOnce();
  await first.runOnce();
  assert.deepEqual(seen, ["1 1 x"]);
  await create().runOnce();
  assert.deepEqual(seen, ["1 1 x", "1 1 x"]);
  assert.equal(await provider.getPosition(MemoryBookmark), 0);
});

test("MemoryBookmark keeps its place over a stop and a start", async () => {
  const { handler, clock, seen, append } = setUp({ bookmark: MemoryBookmark });
  await append("x");
  handler.start();
  await clock.settle();
  await handler.stop();
  handler.start();
  await clock.settle();
  await handler.stop();
  assert.deepEqual(seen, ["1 1 x"]);
  assert.equal(await handler.getPosition(), 1);
});

test("a bookmark of one's own is read and stored", async () => {
  const stored: unknown[] = [];
  const bookmark: ProviderBookmark = {
    name: "own",
    getPosition: async () => 1,
    setPosition: async (position) => void stored.push(position),
  };
  const { handler, seen, append } = setUp({ bookmark });
  await append("x");
  await append("y");
  await handler.runOnce();
  assert.equal(handler.name, "own");
  assert.deepEqual(seen, ["1 2 y"]);
  assert.deepEqual(stored, [2]);
});

test("tailStream begins a new bookmark at the end, and only a new one", async () => {
  const { create, seen, append } = setUp({ tailStream: true });
  await append("x");
  const first = create();
  await first.runOnce();
  assert.deepEqual(seen, []);
  await append("y");
  await first.runOnce();
  await append("z");
  await create().runOnce();
  assert.deepEqual(seen, ["1 2 y", "1 3 z"]);
});

test("alwaysTailStream begins at the end at every start", async () => {
  const { handler, clock, seen, append } = setUp({ alwaysTailStream: true });
  await append("x");
  handler.start();
  await clock.settle();
  await append("y");
  await clock.settle();
  await handler.stop();
  await append("z");
  handler.start();
  await clock.settle();
  await handler.stop();
  assert.deepEqual(seen, ["1 2 y"]);
});

test("a handler of quiet streams passes over the events of the others", async () => {
  const positions: unknown[] = [];
  const { handler, append } = setUp({}, (provider) => ({
    ...provider,
    getEventsFrom: (streams, position, limit) => {
      positions.push(position);
      return provider.getEventsFrom(streams, position, limit);
    },
  }));
  await append("other", "b");
  await append("other", "b");
  await handler.runOnce();
  await handler.runOnce();
  assert.deepEqual(positions, [0, 2]);
});

test("options that cannot mean anything are refused at once", () => {
  const cases: [Partial<EventHandlerOptions>, string, string][] = [
    [{ streams: [] }, "streams", "INVALID_INPUT"],
    [{ streams: [""] }, "streams", "INVALID_INPUT"],
    [{ bookmark: "" }, "bookmark", "INVALID_INPUT"],
    [{ poll: 0 }, "poll", "INVALID_INPUT"],
    [{ poll: NaN }, "poll", "INVALID_INPUT"],
    [{ checkpoint: { events: 0 } }, "checkpoint.events", "INVALID_INPUT"],
    [{ checkpoint: { ms: -1 } }, "checkpoint.ms", "INVALID_INPUT"],
    [{ concurrency: 0 }, "concurrency", "INVALID_INPUT"],
    [{ concurrency: 1.5 }, "concurrency", "INVALID_INPUT"],
    [{ concurrency: 2, transactional: true }, "concurrency", "INVALID_INPUT"],
    [
      { transactional: true, bookmark: MemoryBookmark },
      "bookmark",
      "INVALID_INPUT",
    ],
    [
      {
        transactional: true,
        bookmark: {
          name: "own",
          getPosition: async () => 0,
          setPosition: async () => {},
        },
      },
      "bookmark",
      "INVALID_INPUT",
    ],
  ];
  for (const [options, field, code] of cases) {
    assert.throws(
      () => setUp(options),
      (error) =>
        error instanceof StoreError && error.code === code &&
        error.field === field,
      field,
    );
  }
});

test("a callback that would never be called is refused at once", () => {
  const handler = setUp({ streams: ["a", "b"] }).create();
  assert.throws(() => handler.subscribe("c", "Done", () => {}), {
    name: "StoreError",
    code: "INVALID_INPUT",
    field: "stream",
    stream: "c",
    message:
      'Cannot handle "Done" of stream "c" in handler "model": it reads "a", "b" only',
  });
  assert.throws(() => handler.subscribe("a", "Done", undefined as any), {
    name: "StoreError",
    code: "INVALID_INPUT",
    field: "callback",
    message:
      'Expected the callback of "Done" in handler "model" to be a function: got undefined',
  });
});

test("transactional is refused on a provider that cannot", async () => {
  const without = ({ transact: _, ...provider }: Provider<any>) => provider;
  const refused = (error: unknown) =>
    error instanceof StoreError && error.code === "NOT_SUPPORTED" &&
    error.field === "transactional";
  assert.throws(() => setUp({ transactional: true }, without), refused);
  // A promised provider is known only when it is there.
  const { append, seen } = setUp();
  await append("x");
  const { transact: _, ...provider } = createProvider();
  const events = provider.createEvents("a", "1", 1, [{ type: "Done" }]);
  await provider.append("a", "1", 1, events);
  const handler = new EventHandler({
    bookmark: "model",
    streams: ["a"],
    transactional: true,
    provider: Promise.resolve(provider),
  });
  handler.subscribe("a", "Done", () => seen.push("handled"));
  await assert.rejects(handler.runOnce(), refused);
  assert.deepEqual(seen, []);
});

test("a transactional page stops at a failure: those before it, then it alone", async () => {
  const transactions: string[][] = [];
  const { provider, append } = setUp();
  let failing = true;
  const started: string[] = [];
  const transact = provider.transact;
  provider.transact = (work) => {
    transactions.push([]);
    return transact(work);
  };
  const handler = new EventHandler({
    bookmark: "model",
    streams: ["a"],
    transactional: true,
    provider,
  });
  handler.subscribe("a", "Done", (_id, { what }, _meta, tx) => {
    started.push(what);
    if (what === "c" && failing) throw new Error("not today");
    tx.onCommit(() => transactions.at(-1)!.push(what));
  });
  for (const what of ["a", "b", "c", "d"]) await append(what);
  await assert.rejects(handler.runOnce(), /not today/);
  assert.deepEqual(transactions, [[], ["a", "b"], []]);
  assert.deepEqual(started, ["a", "b", "c", "a", "b", "c"]);
  failing = false;
  assert.equal(await handler.runOnce(), 2);
  assert.deepEqual(transactions.at(-1), ["c", "d"]);
});

test("a transactional page is bounded by time, and goes on", async () => {
  const { handler, provider, clock, append } = setUp({ transactional: true });
  let committed = 0;
  const transactions: number[] = [];
  handler.subscribe("a", "Done", (_id, _event, _meta, tx) => {
    clock.pass(20);
    tx.onCommit(() => committed++);
  });
  provider.watch(() => transactions.push(committed));
  for (let count = 0; count < 7; count++) await append("x");
  transactions.length = 0;
  assert.equal(await handler.runOnce(), 7);
  assert.deepEqual(transactions, [3, 6, 7]);
  const last = await provider.getLastEventFor("a");
  assert.equal(await provider.getPosition("model"), last!.position);
});

test("where statements are slow a transactional page may take longer", async () => {
  for (const [roundTrip, sizes] of [[1, [2, 4, 6, 8]], [10, [8]]] as const) {
    const { handler, provider, clock, append } = setUp(
      { transactional: true },
      (provider) => ({
        ...provider,
        setPosition: async (...args) => {
          clock.pass(roundTrip);
          return await provider.setPosition(...args);
        },
      }),
    );
    let committed = 0;
    const transactions: number[] = [];
    handler.subscribe("a", "Done", (_id, _event, _meta, tx) => {
      clock.pass(26);
      tx.onCommit(() => committed++);
    });
    provider.watch(() => transactions.push(committed));
    for (let count = 0; count < 8; count++) await append("x");
    transactions.length = 0;
    assert.equal(await handler.runOnce(), 8);
    assert.deepEqual(transactions, sizes);
  }
});

test("a transactional handler that continues on errors rolls back that event alone", async () => {
  const { handler, append, reports } = setUp({
    transactional: true,
    continueOnError: true,
  });
  const committed: string[] = [];
  handler.subscribe("a", "Done", (_id, { what }, _meta, tx) => {
    tx.onCommit(() => committed.push(what));
    if (what === "y") throw new Error("not today");
  });
  for (const what of ["x", "y", "z"]) await append(what);
  assert.equal(await handler.runOnce(), 3);
  assert.deepEqual(committed, ["x", "z"]);
  assert.equal(reports.length, 1);
  assert.equal(reports[0]!.event.event.what, "y");
});

test("a transactional handler that lost its bookmark handles nothing of that page", async () => {
  const { create, append, provider } = setUp({ transactional: true });
  const committed: string[] = [];
  const [first, second] = [create(), create()].map((handler, index) => {
    handler.subscribe("a", "Done", (_id, { what }, _meta, tx) => {
      tx.onCommit(() => committed.push(`${index} ${what}`));
    });
    return handler;
  });
  await append("x");
  await first!.runOnce();
  await append("y");
  await second!.runOnce();
  await append("z");
  await first!.runOnce();
  assert.deepEqual(committed, ["0 x", "1 y", "0 z"]);
  const last = await provider.getLastEventFor("a");
  assert.equal(await provider.getPosition("model"), last!.position);
});

test("a place in memory goes on where it was, whatever the provider tells of a page", async () => {
  const { handler, seen, append } = setUp(
    { bookmark: MemoryBookmark },
    (provider) => ({
      ...provider,
      // As most providers do, it does not say how far it has looked.
      async getEventsFrom(...args) {
        return [...await provider.getEventsFrom(...args)];
      },
    }),
  );
  await append("x");
  await append("y");
  await handler.runOnce();
  await handler.runOnce();
  assert.deepEqual(seen, ["1 1 x", "1 2 y"]);
  const { lag } = await handler.status();
  assert.equal(lag.events, 0);
});
