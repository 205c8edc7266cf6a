import { StoreError } from "evtstore";
import { createProvider } from "evtstore/provider/memory";
import assert from "node:assert/strict";
import { test } from "node:test";
import { EventHandler } from "../../core/event_handler.ts";
import { FakeClock } from "../../core/fake_clock.ts";
import { setUp } from "./set_up.ts";

test("ten thousand events behind a parked one are one record, and few writes", async () => {
  let puts = 0;
  const { handler, shared, bad, seen, append } = setUp({}, (provider) => {
    const records = provider.records!;
    return {
      ...provider,
      records: {
        get: (...args) => records.get(...args),
        list: (...args) => records.list(...args),
        due: (...args) => records.due(...args),
        remove: (...args) => records.remove(...args),
        put(...args) {
          puts++;
          return records.put(...args);
        },
      },
    };
  });
  bad.add("x1");
  const types = Array.from({ length: 10_000 }, () => ({ type: "Done" }));
  await shared.append("a", "x", 1, shared.createEvents("a", "x", 1, types));
  await append("y");
  assert.equal(await handler.runOnce(), 10_001);
  assert.deepEqual(seen, ["y1"]);
  assert.equal((await handler.status()).parked.events, 10_000);
  assert(puts <= 11, `${puts} writes`);
  const records = await shared.records!.list("evtstore.parked");
  assert.equal(records.length, 1);
  assert(JSON.stringify(records).length < 5_000);
  bad.clear();
  puts = 0;
  assert.equal(await handler.replay({ aggregateId: "x" }), 10_000);
  assert(puts < 40, `${puts} writes`);
  assert.equal(seen.at(-1), "x10000");
  assert.equal(seen.length, 10_001);
});

test("discard() gives up the event that failed, or all of them", async () => {
  const { handler, append, bad, of, shared } = setUp();
  bad.add("x1").add("y1");
  await append("xxxyyy");
  await handler.runOnce();
  const [x, y] = (await handler.parked())
    .sort((left, right) => left.aggregateId < right.aggregateId ? -1 : 1);
  assert.equal(await handler.discard(x!), 1);
  assert.equal(await handler.discard(x!), 0);
  const rest = (await handler.parked())
    .find(({ aggregateId }) => aggregateId === "x")!;
  assert.deepEqual([rest.version, rest.error], [2, undefined]);
  assert.equal(await handler.replay(rest), 2);
  assert.deepEqual(of("x"), ["x2", "x3"]);
  assert.equal(await handler.discard({ ...y!, version: y!.lastVersion }), 3);
  assert.deepEqual(await handler.parked(), []);
  assert.deepEqual(await shared.records!.list("evtstore.parked"), []);
  await append("xy");
  await handler.runOnce();
  assert.deepEqual([of("x"), of("y")], [["x2", "x3", "x4"], ["y4"]]);
});

test("handled() says at once that an event is parked", async () => {
  const { handler, append, bad } = setUp();
  bad.add("x2");
  await append("xxxy");
  await handler.runOnce();
  await handler.handled("a", "x", 1);
  await handler.handled("a", "y", 1);
  for (const version of [2, 3]) {
    await assert.rejects(
      handler.handled("a", "x", version),
      (error) => error instanceof StoreError && error.code === "EVENT_PARKED",
    );
  }
  bad.clear();
  await handler.replay({ aggregateId: "x" });
  await handler.handled("a", "x", 3);
});

test("what is parked waits also when the handler pauses or takes batches now", async () => {
  const { handler, create, append, bad, seen, provider } = setUp();
  bad.add("x1");
  await append("xy");
  await handler.runOnce();
  await append("xy");
  const pausing = create({ onFailure: "pause", retry: {} });
  await pausing.runOnce();
  assert.deepEqual(seen, ["y1", "y2"]);
  for (const transactional of [false, true]) {
    await append("xy");
    const batches = new EventHandler({
      ...{ bookmark: "model", streams: ["a"], provider, transactional },
    }, new FakeClock());
    const ids: string[] = [];
    batches.subscribeBatch((events) => {
      ids.push(...events.map(({ aggregateId }) => aggregateId));
    });
    assert.equal(await batches.runOnce(), 2);
    assert.deepEqual(ids, ["y"]);
  }
  assert.equal((await pausing.parked())[0]!.lastVersion, 4);
  bad.clear();
  assert.equal(await pausing.replay({ aggregateId: "x" }), 4);
});

test("a replay does not wait for a pass that has long to go", async () => {
  const { handler, clock, append, bad, seen } = setUp();
  bad.add("x1");
  await append("xyyyyy");
  let finish = () => {};
  handler.subscribe("a", "Done", async (id, _event, { version }) => {
    if (bad.has(`${id}${version}`)) throw new Error("bad event");
    if (id === "y") await new Promise<void>((resolve) => finish = resolve);
    seen.push(`${id}${version}`);
  });
  handler.start();
  await clock.settle();
  bad.clear();
  const replaying = handler.replay({ aggregateId: "x" });
  await clock.settle();
  assert.deepEqual(seen, []);
  finish();
  assert.equal(await replaying, 1);
  assert.deepEqual(seen, ["y1", "x1"]);
  for (let version = 2; version <= 5; version++) {
    await clock.settle();
    finish();
  }
  await handler.stop();
  assert.deepEqual(seen, ["y1", "x1", "y2", "y3", "y4", "y5"]);
});

test("runOnce() is not cut short by a replay", async () => {
  const { handler, clock, append, seen } = setUp();
  await append("yyy");
  let finish = () => {};
  handler.subscribe("a", "Done", async (_id, _event, { version }) => {
    await new Promise<void>((resolve) => finish = resolve);
    seen.push(`y${version}`);
  });
  const running = handler.runOnce();
  // In the middle of the first event.
  await clock.settle();
  const replaying = handler.replay({ aggregateId: "x" });
  for (let version = 1; version <= 3; version++) {
    await clock.settle();
    finish();
  }
  assert.equal(await running, 3);
  assert.equal(await replaying, 0);
});

test("stop() ends a replay after the event in hand; the rest stays parked", async () => {
  const { handler, clock, append, bad, seen } = setUp();
  bad.add("x1");
  await append("xxx");
  await handler.runOnce();
  let finish = () => {};
  handler.subscribe("a", "Done", async (_id, _event, { version }) => {
    await new Promise<void>((resolve) => finish = resolve);
    seen.push(`x${version}`);
  });
  const replaying = handler.replay({ aggregateId: "x" });
  await clock.settle();
  const stopping = handler.stop();
  finish();
  await stopping;
  assert.equal(await replaying, 1);
  const [rest] = await handler.parked();
  assert.deepEqual([rest!.version, rest!.error], [2, undefined]);
});

test("a replay inside a callback is refused, for it would wait for itself", async () => {
  const { handler, append } = setUp({ onFailure: "pause", retry: {} });
  handler.subscribe(
    "a",
    "Done",
    () => handler.replay({ aggregateId: "x" }),
  );
  await append("y");
  await assert.rejects(
    handler.runOnce(),
    (error) =>
      error instanceof StoreError && error.code === "HANDLER_REENTERED",
  );
});

test("a bookmark that is set back repeats what was handled, not what is parked", async () => {
  const { handler, create, append, bad, seen, provider } = setUp();
  bad.add("x2");
  await append("xxxy");
  await handler.runOnce();
  handler.reset();
  await handler.runOnce();
  assert.deepEqual(seen, ["x1", "y1"]);
  const records = await provider.records!.list("evtstore.parked");
  await provider.setPosition("model", 0);
  bad.clear();
  await create().runOnce();
  assert.deepEqual(seen, ["x1", "y1", "x1", "y1"]);
  assert.deepEqual(
    await provider.records!.list("evtstore.parked"),
    records,
    "what waits already is written once",
  );
  const [{ version, lastVersion } = assert.fail()] = await handler.parked();
  assert.deepEqual([version, lastVersion], [2, 3]);
  await handler.replay({ aggregateId: "x" });
  assert.deepEqual(seen.slice(4), ["x2", "x3"]);
});

test("events that the log has no more are no longer waited for", async () => {
  const { handler, append, bad, seen, create, provider } = setUp();
  bad.add("x1");
  await append("xxxy");
  await handler.runOnce();
  bad.clear();
  const emptied = create({
    provider: {
      ...provider,
      getEventsFor: async (...args) =>
        (await provider.getEventsFor(...args))
          .filter(({ version }) => version !== 1 && version !== 3),
    },
  });
  assert.equal(await emptied.replay({ aggregateId: "x" }), 1);
  assert.deepEqual(seen, ["y1", "x2"]);
  assert.deepEqual(await handler.parked(), []);
});

test("an event without a callback does not wait behind a parked one", async () => {
  const { handler, append, bad, shared } = setUp();
  bad.add("x1");
  await append("x");
  await handler.runOnce();
  const events = shared.createEvents("a", "x", 2, [{ type: "Other" }]);
  await shared.append("a", "x", 2, events);
  await handler.runOnce();
  assert.equal((await handler.parked())[0]!.lastVersion, 1);
  await append("x");
  await handler.runOnce();
  assert.equal((await handler.parked())[0]!.lastVersion, 3);
});

test("what a transaction had no time for is not said to wait behind it", async () => {
  const { handler, create, append, bad, seen, clock } = setUp({
    transactional: true,
    hooks: {
      // Between two transactions of one page; another process goes on then.
      postRun: async () => {
        if (seen.includes("y1") && !seen.includes("x1")) {
          bad.clear();
          await create({ hooks: {} }).replay({ aggregateId: "x" });
          handler.reset();
        }
      },
    },
  });
  bad.add("x1");
  await append("x");
  await handler.runOnce();
  handler.subscribe("a", "Done", (id, _event, { version }, tx) => {
    clock.pass(2000);
    tx.onCommit(() => seen.push(`${id}${version}`));
  });
  await append("yx");
  await handler.runOnce();
  assert.deepEqual(seen, ["y1", "x1", "x2"]);
});

test("two handlers of one bookmark on different streams keep to their own", async () => {
  const { create, append, bad, provider } = setUp();
  bad.add("x1");
  const [first, second] = [create(), create({ streams: ["b"] })];
  await append("xx", "a");
  await first.runOnce();
  await append("x", "b");
  await second.runOnce();
  // It is the bookmark's, so both list it; each replays its own.
  for (const one of [first, second]) {
    const streams = (await one.parked()).map(({ stream }) => stream);
    assert.deepEqual(streams.sort(), ["a", "b"]);
  }
  await assert.rejects(
    second.replay({ stream: "a", aggregateId: "x" }),
    (error) => error instanceof StoreError && error.field === "stream",
  );
  bad.clear();
  assert.equal(await second.replay({ aggregateId: "x" }), 1);
  assert.equal(await first.replay({ stream: "a", aggregateId: "x" }), 2);
  assert.deepEqual(await provider.records!.list("evtstore.parked"), []);
});

test("two handlers of two bookmarks park apart from each other", async () => {
  const { handler, create, append, bad } = setUp();
  bad.add("x1");
  await append("x");
  await handler.runOnce();
  const other = create({ bookmark: "other" });
  bad.clear();
  await other.runOnce();
  assert.deepEqual(await other.parked(), []);
  assert.equal((await handler.parked()).length, 1);
});

test("a provider that is a promise is asked for records when the handler runs", async () => {
  const { records: _, ...provider } = createProvider();
  const handler = new EventHandler({
    bookmark: "model",
    streams: ["a"],
    provider: Promise.resolve(provider),
    onFailure: "park",
  });
  await assert.rejects(
    handler.runOnce(),
    (error) => error instanceof StoreError && error.code === "NOT_SUPPORTED",
  );
});

test("a replay goes between two events of a pass, which goes on behind it at once", async () => {
  const { provider, shared, clock, bad, create, append } = setUp(
    {},
    // Nobody could wake the handler but its own poll.
    ({ watch: _, ...provider }) => provider,
  );
  const handler = create({ poll: 60_000 });
  const order: string[] = [];
  let goOn = () => {};
  const gate = new Promise<void>((resolve) => goOn = resolve);
  handler.subscribe("a", "Done", async (id, _event, { version }) => {
    const name = `${id}${version}`;
    if (bad.has(name)) throw new Error("bad event");
    order.push(name);
    if (name === "y1") await gate;
  });
  bad.add("x1");
  await append("x");
  await handler.runOnce();
  bad.clear();
  await append("yz");
  handler.start();
  await clock.settle();
  const replaying = handler.replay({ aggregateId: "x" });
  goOn();
  assert.equal(await replaying, 1);
  await clock.settle();
  assert.deepEqual(order, ["y1", "x1", "z1"]);
  await handler.stop();
  const last = await shared.getLastEventFor("a");
  assert.equal(await provider.getPosition("model"), last?.position);
});
