import { type Provider, StoreError } from "evtstore";
import assert from "node:assert/strict";
import { test } from "node:test";
import type { EventHandlerOptions } from "../../core/event_handler_options.ts";
import { setUp } from "./set_up.ts";

const modes: [string, Partial<EventHandlerOptions>][] = [
  ["one at a time", {}],
  ["three at once", { concurrency: 3 }],
  ["in transactions", { transactional: true }],
];
const providers: [string, (provider: Provider<any>) => Provider<any>][] = [
  ["with transactions", (provider) => provider],
  ["without", ({ transact: _, ...provider }) => provider],
];

for (const [mode, options] of modes) {
  for (const [transactions, change] of providers) {
    if (options.transactional && transactions === "without") continue;
    test(`${mode}, ${transactions}: the aggregate waits, the others go on, replay is in order`, async () => {
      const { handler, create, append, bad, seen, of, provider } = setUp(
        options,
        change,
      );
      bad.add("x2");
      await append("xyxyxyz");
      assert.equal(await handler.runOnce(), 7);
      assert.deepEqual(of("x"), ["x1"]);
      assert.deepEqual([of("y"), of("z")], [["y1", "y2", "y3"], ["z1"]]);
      const [parked, ...others] = await handler.parked();
      assert.deepEqual(others, []);
      const { at: _, error, ...rest } = parked!;
      assert.deepEqual(rest, {
        ...{ stream: "a", aggregateId: "x", version: 2, lastVersion: 3 },
        ...{ failures: 1, position: 3 },
      });
      assert.equal(error!.message, "bad event");
      assert.match(error!.stack!, /set_up/);
      assert.equal(
        await provider.getPosition("model"),
        (await provider.getLastEventFor("a"))!.position,
      );

      // Also what comes later, and in another process.
      await append("xy");
      const successor = create();
      assert.equal(await successor.runOnce(), 2);
      assert.deepEqual([of("x"), of("y")], [["x1"], [
        ...["y1", "y2", "y3", "y4"],
      ]]);
      assert.deepEqual((await handler.status()).parked, {
        ...{ aggregates: 1, events: 3 },
      });
      bad.clear();
      assert.equal(await handler.replay({ aggregateId: "x" }), 3);
      assert.deepEqual(of("x"), ["x1", "x2", "x3", "x4"]);
      assert.deepEqual(await handler.parked(), []);
      assert.equal(await handler.replay({ aggregateId: "x" }), 0);
      await append("x");
      // The successor has not heard of the replay, and must not park this.
      await successor.runOnce();
      assert.deepEqual(of("x"), ["x1", "x2", "x3", "x4", "x5"]);
      assert.deepEqual(await handler.parked(), []);
      assert.equal(new Set(seen).size, seen.length, "handled twice");
    });

    test(`${mode}, ${transactions}: a replay that fails again stays at that event`, async () => {
      const { handler, append, bad, of } = setUp(options, change);
      bad.add("x1");
      await append("xxxx");
      await handler.runOnce();
      bad.clear();
      bad.add("x3");
      await assert.rejects(handler.replay({ aggregateId: "x" }), {
        message: "bad event",
      });
      assert.deepEqual(of("x"), ["x1", "x2"]);
      const [parked] = await handler.parked();
      assert.deepEqual(
        [parked!.version, parked!.lastVersion, parked!.failures],
        [3, 4, 1],
      );
      assert.equal(parked!.error!.message, "bad event");
      await assert.rejects(handler.replay({ aggregateId: "x" }));
      assert.equal((await handler.parked())[0]!.failures, 2);
      bad.clear();
      await handler.replay({ aggregateId: "x" });
      assert.deepEqual(of("x"), ["x1", "x2", "x3", "x4"]);
    });
  }
}

test("an event is tried again before it is parked, and each try is reported", async () => {
  const { handler, clock, append, bad, reports, of, problem } = setUp({
    retry: {},
  });
  bad.add("x1");
  await append("xy");
  handler.start();
  const pauses: number[] = [];
  while ((await handler.parked()).length === 0) {
    await clock.settle();
    const [pause] = clock.pauses();
    pauses.push(pause!);
    assert.equal((await handler.status()).state, "retrying");
    await clock.advance(pause!);
  }
  assert.deepEqual(pauses, [100, 200, 400, 800, 1600, 3200, 6400, 10_000]);
  await clock.settle();
  assert.deepEqual(of("y"), ["y1"]);
  assert.equal((await handler.status()).state, "idle");
  await handler.stop();
  assert.deepEqual(clock.pauses(), []);
  const last = reports.pop()!;
  assert.equal(reports.length, 8);
  assert(reports.every(({ error }) => error === problem));
  assert(last.error instanceof StoreError);
  assert.equal(last.error.code, "EVENT_PARKED");
  assert.equal(last.error.cause, problem);
  assert.equal(last.event.aggregateId, "x");
});

test("the other lanes go on while one is tried again, and repeat nothing", async () => {
  const { handler, clock, append, bad, seen } = setUp({
    concurrency: 2,
    retry: { times: 2, minMs: 50, maxMs: 50 },
  });
  bad.add("x1");
  await append("xyzyz");
  handler.start();
  await clock.settle();
  assert.deepEqual(seen, ["y1", "z1", "y2", "z2"]);
  await clock.advance(50);
  await clock.advance(50);
  await handler.stop();
  assert.equal((await handler.parked()).length, 1);
  assert.deepEqual(seen, ["y1", "z1", "y2", "z2"]);
});

test("an event that works at the second try is not parked", async () => {
  for (const transactional of [false, true]) {
    const { handler, clock, append, bad, seen } = setUp({
      transactional,
      retry: { times: 1 },
    });
    bad.add("x1");
    await append("xx");
    handler.start();
    await clock.settle();
    bad.clear();
    await clock.advance(100);
    assert.deepEqual(seen, ["x1", "x2"]);
    assert.deepEqual(await handler.parked(), []);
    await handler.stop();
  }
});

test("stop() between two tries parks nothing, and leaves no timer", async () => {
  const { handler, provider, clock, append, bad, reports } = setUp({
    retry: {},
  });
  bad.add("x1");
  await append("xy");
  handler.start();
  await clock.settle();
  await handler.stop();
  assert.deepEqual(clock.pauses(), []);
  assert.deepEqual(await handler.parked(), []);
  assert.equal(await provider.getPosition("model"), 0);
  assert.equal(reports.length, 1);
});

test('onFailure: "skip" is continueOnError, and can try again before', async () => {
  const { handler, append, bad, seen, reports, clock } = setUp({
    onFailure: "skip",
    retry: { times: 2 },
  });
  bad.add("x1");
  await append("xx");
  handler.start();
  await clock.settle();
  await clock.advance(100);
  await clock.advance(200);
  assert.deepEqual(seen, ["x2"]);
  assert.equal(reports.length, 3);
  assert.deepEqual(await handler.parked(), []);
  await handler.stop();
});

test("an aggregate waits to its own last event, not to that of a namesake", async () => {
  const { shared, append, bad, create } = setUp();
  const handler = create({ streams: ["a", "b"] });
  bad.add("x1");
  await append("xx");
  await append("xxxx", "b");
  await append("y");
  await handler.runOnce();
  const parked = await handler.parked();
  const found = parked.map(({ stream, aggregateId, version, lastVersion }) =>
    `${stream} ${aggregateId} ${version}-${lastVersion}`
  ).sort();
  assert.deepEqual(found, ["a x 1-2", "b x 1-4"]);
  const last = await shared.getLastEventFor(["a", "b"]);
  assert.equal(await shared.getPosition("model"), last?.position);
});
