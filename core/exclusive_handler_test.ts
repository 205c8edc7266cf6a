import { createProvider } from "evtstore/provider/memory";
import assert from "node:assert/strict";
import { test } from "node:test";
import type { Clock } from "./clock.ts";
import { createBookmark, MemoryBookmark } from "./bookmark.ts";
import { EventHandler } from "./event_handler.ts";
import type { EventHandlerOptions } from "./event_handler_options.ts";
import { FakeClock } from "./fake_clock.ts";
import type { Provider } from "./provider.ts";

/** Several processes on one log. */
function setUp(options: Partial<EventHandlerOptions> = {}) {
  const clock = new FakeClock();
  const shared = createProvider();
  let count = 0;
  const open = (own: Partial<EventHandlerOptions> = {}) => {
    const state = { crashed: false };
    const answer = <T>(work: () => Promise<T>): Promise<T> =>
      state.crashed ? new Promise(() => {}) : work();
    const records = shared.records!;
    const provider: Provider<any> = {
      ...shared,
      getEventsFrom: (...args) => answer(() => shared.getEventsFrom(...args)),
      setPosition: (...args) => answer(() => shared.setPosition(...args)),
      records: {
        ...records,
        put: (...args) => answer(() => records.put(...args)),
        list: (...args) => answer(() => records.list(...args)),
        get: (...args) => answer(() => records.get(...args)),
      },
    };
    const chance = ++count / 100;
    const its: Clock = {
      monotonic: () => clock.monotonic(),
      now: () => clock.now(),
      random: () => chance,
      sleep: (ms, signal) => clock.sleep(ms, signal),
    };
    const handler = new EventHandler({
      bookmark: "model",
      streams: ["a"],
      provider,
      ...options,
      ...own,
    }, its);
    const seen: string[] = [];
    handler.subscribe("a", "Done", (_id, event) => {
      seen.push(event.what);
    });
    return { handler, seen, state };
  };
  const append = async (what: string) => {
    const last = await shared.getLastEventFor("a", "1");
    const version = (last?.version ?? 0) + 1;
    const event = { type: "Done", what };
    const events = shared.createEvents("a", "1", version, [event]);
    await shared.append("a", "1", version, events);
    await clock.settle();
  };
  const pass = async (ms: number) => {
    for (let left = ms; left > 0; left -= 100) await clock.advance(100);
  };
  return { clock, shared, open, append, pass };
}

test("a crash in the middle of a page: the successor repeats that page alone", async () => {
  const { open, append, pass } = setUp();
  const [first, second] = [open(), open()];
  first.handler.start();
  await pass(100);
  second.handler.start();
  await append("x");
  await pass(2000);
  // The callback runs; the bookmark behind it is never stored.
  first.handler.subscribe("a", "Done", () => {
    first.state.crashed = true;
  });
  await append("y");
  await append("z");
  await pass(10_000);
  assert.deepEqual(first.seen, ["x"]);
  assert.deepEqual(second.seen, ["y", "z"]);
  await second.handler.stop();
});

test("alwaysTailStream tails at a start, and not at a take-over", async () => {
  const { open, append, pass } = setUp({ alwaysTailStream: true });
  await append("before");
  const [first, second] = [open(), open()];
  first.handler.start();
  await pass(100);
  second.handler.start();
  await pass(1000);
  first.state.crashed = true;
  await append("while nobody works");
  await pass(10_000);
  assert.deepEqual(first.seen, []);
  assert.deepEqual(second.seen, ["while nobody works"]);
  await second.handler.stop();
});

test("tailStream stores the end at once: what comes while it is down is handled", async () => {
  const { open, append, pass } = setUp({ tailStream: true });
  await append("before");
  const first = open();
  first.handler.start();
  await pass(100);
  await first.handler.stop();
  await append("meanwhile");
  const second = open();
  second.handler.start();
  await pass(2000);
  assert.deepEqual(second.seen, ["meanwhile"]);
  await second.handler.stop();
});

test("a callback that outlasts its lease is not followed by another event", async () => {
  const { open, append, pass, shared, clock } = setUp();
  const [first, second] = [open(), open()];
  let finish = () => {};
  const hanging = new Promise<void>((resolve) => finish = resolve);
  const seen: string[] = [];
  first.handler.subscribe("a", "Done", async (_id, event) => {
    seen.push(event.what);
    await hanging;
  });
  await append("x");
  await append("y");
  first.handler.start();
  await pass(100);
  second.handler.start();
  first.state.crashed = true;
  await pass(10_000);
  assert.deepEqual(second.seen, ["x", "y"]);
  const moved = await shared.getPosition("model");
  // It comes back, with the event in its hand and an old idea of the bookmark.
  first.state.crashed = false;
  finish();
  await clock.settle();
  await pass(3000);
  assert.deepEqual(seen, ["x"]);
  assert.equal(await shared.getPosition("model"), moved);
  await append("z");
  assert.deepEqual(second.seen, ["x", "y", "z"]);
  await second.handler.stop();
});

test("run() of a handler that stands by does nothing; runOnce() works", async () => {
  const { open, append, pass } = setUp();
  const [first, second] = [open(), open()];
  first.handler.start();
  await pass(100);
  second.handler.start();
  await pass(1000);
  await append("x");
  await second.handler.run();
  assert.deepEqual(second.seen, []);
  assert.equal(await second.handler.runOnce(), 0);
  assert.equal((await second.handler.status()).owner?.self, false);
  assert.equal((await first.handler.status()).owner?.self, true);
  await Promise.all([first.handler.stop(), second.handler.stop()]);
});

test("run() leaves the event in hand to the owner, who may call it", async () => {
  const { open, append, pass, shared } = setUp();
  const { watch: _, ...provider } = shared;
  const own = { provider, poll: 60_000 };
  const [first, second] = [open(own), open(own)];
  first.handler.start();
  await pass(1000);
  second.handler.start();
  await pass(1000);
  await append("x");
  await second.handler.run();
  assert.deepEqual(second.seen, []);
  await first.handler.run();
  assert.deepEqual(first.seen, ["x"]);
  await Promise.all([first.handler.stop(), second.handler.stop()]);
});

test("the owner of a bookmark reads it once", async () => {
  const { open, append, pass, shared } = setUp();
  let reads = 0;
  const provider: Provider<any> = {
    ...shared,
    getPosition(...args) {
      reads++;
      return shared.getPosition(...args);
    },
  };
  const { handler, seen } = open({ provider });
  handler.start();
  await pass(1000);
  await append("x");
  await append("y");
  await pass(5000);
  assert.deepEqual(seen, ["x", "y"]);
  assert.equal(reads, 1);
  await handler.stop();
});

test("a lease that cannot be asked for is reported, with the bookmark", async () => {
  const reports: string[] = [];
  const { open, pass } = setUp();
  const shared = createProvider({
    onError: (error, _stream, bookmark) =>
      void reports.push(`${bookmark}: ${error.message}`),
  });
  const provider: Provider<any> = {
    ...shared,
    records: {
      get: (...args) => shared.records.get(...args),
      list: (...args) => shared.records.list(...args),
      due: (...args) => shared.records.due(...args),
      remove: (...args) => shared.records.remove(...args),
      put: () => Promise.reject(new Error("no connection")),
    },
  };
  const { handler } = open({ provider });
  handler.start();
  await pass(500);
  assert.equal(reports[0], "model: no connection");
  await handler.stop();
});

test("a bookmark in memory, or elsewhere, needs no lease", async () => {
  const { open, append, pass, shared } = setUp();
  for (const bookmark of [MemoryBookmark, createBookmark(shared, "own")]) {
    const [first, second] = [open({ bookmark }), open({ bookmark })];
    first.handler.start();
    second.handler.start();
    await pass(100);
    await append("x");
    assert.equal(first.seen.at(-1), "x");
    assert.equal((await first.handler.status()).owner, undefined);
    await Promise.all([first.handler.stop(), second.handler.stop()]);
  }
  assert.deepEqual(await shared.records!.list("evtstore.owner"), []);
});

test("a provider whose promise is rejected is reported, and ends the handler", async () => {
  const warnings: string[] = [];
  const listen = (warning: Error) => void warnings.push(warning.message);
  const { default: process } = await import("node:process");
  process.on("warning", listen);
  const rejected = Promise.reject(new Error("no such server"));
  rejected.catch(() => {});
  const handler = new EventHandler({
    bookmark: "model",
    streams: ["a"],
    provider: rejected,
  }, new FakeClock());
  const changes: unknown[] = [];
  handler.observe((change) => changes.push(change));
  handler.start();
  await handler.stop();
  assert.deepEqual(changes, [{ type: "state", state: "stopped" }]);
  await new Promise((resolve) => setTimeout(resolve, 20));
  process.off("warning", listen);
  assert.match(warnings.join(), /no such server/);
});
