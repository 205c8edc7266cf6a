/** What a simulation of several processes found, each as it was found. */
import { createProvider } from "evtstore/provider/memory";
import assert from "node:assert/strict";
import { test } from "node:test";
import { EventHandler } from "./event_handler.ts";
import type { EventHandlerOptions } from "./event_handler_options.ts";
import { FakeClock } from "./fake_clock.ts";
import { HandlerCursor } from "./handler_cursor.ts";
import type { Provider } from "./provider.ts";

async function setUp(
  ids: string[],
  options: Partial<EventHandlerOptions> = {},
  change: (provider: Provider<any>) => Partial<Provider<any>> = () => ({}),
) {
  const reports: string[] = [];
  const shared = createProvider({
    onError: (error) => void reports.push(error.message),
  });
  const clock = new FakeClock();
  const handler = new EventHandler({
    bookmark: "model",
    streams: ["a"],
    provider: { ...shared, ...change(shared) },
    ...options,
  }, clock);
  for (const id of ids) {
    const last = await shared.getLastEventFor("a", id);
    const version = (last?.version ?? 0) + 1;
    const event = { type: "Done" };
    const events = shared.createEvents("a", id, version, [event]);
    await shared.append("a", id, version, events);
  }
  return { handler, clock, reports, provider: shared };
}

test("a transaction that began before the lease was lost begins no event", async () => {
  const made: { handler?: EventHandler } = {};
  const { handler, provider } = await setUp(
    ["1"],
    { transactional: true },
    (shared) => ({
      setPosition: async (...args) => {
        const moved = await shared.setPosition(...args);
        // As if the process had stood still between this and its answer.
        void made.handler?.stop();
        return moved;
      },
    }),
  );
  made.handler = handler;
  const seen: string[] = [];
  handler.subscribe("a", "Done", (id) => void seen.push(id));
  assert.equal(await handler.runOnce(), 0);
  assert.deepEqual(seen, []);
  assert.equal(await provider.getPosition("model"), 0);
});

test("a second stop() ends no sooner than the first", async () => {
  const { handler, clock } = await setUp([]);
  handler.start();
  await clock.advance(3000);
  void handler.stop();
  await handler.stop();
  assert.deepEqual(clock.pauses(), []);
});

test("a failure in a transaction is told of, also if the event succeeds alone", async () => {
  const { handler, reports, provider } = await setUp(["1", "2", "3"], {
    transactional: true,
  });
  let failures = 1;
  handler.subscribe("a", "Done", (id) => {
    if (id === "2" && failures-- > 0) throw new Error("only once");
  });
  await handler.runOnce();
  assert.deepEqual(reports, ["only once"]);
  assert.equal(await provider.getPosition("model"), 3);
});

test("a failure in a transaction that fails again alone is told of once", async () => {
  const { handler, reports } = await setUp(["1", "2", "3"], {
    transactional: true,
    continueOnError: true,
  });
  handler.subscribe("a", "Done", (id) => {
    if (id === "2") throw new Error("always");
  });
  await handler.runOnce();
  assert.deepEqual(reports, ["always"]);
});

test("the same where positions are objects, another one at each read", async () => {
  const toObject = (value: number) => ({
    value,
    equals: (other: { value: number }) => other.value === value,
  });
  const { handler, reports } = await setUp(
    ["1", "2", "3"],
    { transactional: true, continueOnError: true },
    (shared) => ({
      limit: 2,
      getPosition: async (bookmark) =>
        toObject(await shared.getPosition(bookmark)),
      setPosition: (bookmark, position, options = {}) =>
        shared.setPosition(bookmark, position.value, {
          ...options,
          ...options.from && { from: options.from.value },
        }),
      getEventsFrom: async (streams, position) =>
        (await shared.getEventsFrom(streams, position.value, 2)).map((one) => ({
          ...one,
          position: toObject(one.position),
        })),
      transact: async (work) => {
        handler.reset();
        return await shared.transact!(work);
      },
    }),
  );
  handler.subscribe("a", "Done", (id) => {
    if (id === "2") throw new Error("always");
  });
  await handler.runOnce();
  assert.deepEqual(reports, ["always"]);
});

test("a failure in a transaction is told of, also if the rest cannot commit", async () => {
  let lost = false;
  const { handler, reports } = await setUp(
    ["1", "2"],
    { transactional: true },
    (shared) => ({
      transact: (work) => {
        if (lost) throw new Error("connection lost");
        return shared.transact!(work);
      },
    }),
  );
  handler.subscribe("a", "Done", (id) => {
    if (id !== "2") return;
    lost = true;
    throw new Error("the callback's own");
  });
  await assert.rejects(handler.runOnce(), /connection lost/);
  assert.deepEqual(reports, ["the callback's own"]);
});

test("of several events that fail at once each is told of", async () => {
  const { handler, reports } = await setUp(["1", "2", "3"], { concurrency: 3 });
  handler.subscribe("a", "Done", async (id) => {
    await null;
    throw new Error(`event ${id}`);
  });
  await assert.rejects(handler.runOnce(), /event 1/);
  assert.deepEqual(reports, ["event 2", "event 3"]);
});

test("setPosition() beside the handler's own store does not lose against it", async () => {
  const beside: { store?: () => Promise<void> } = {};
  let stored: Promise<void> | undefined;
  const { handler, provider } = await setUp(
    ["1", "2"],
    { checkpoint: { events: 1 } },
    (shared) => ({
      setPosition: async (...args) => {
        stored ??= beside.store?.();
        return await shared.setPosition(...args);
      },
    }),
  );
  const seen: string[] = [];
  handler.subscribe("a", "Done", (id) => void seen.push(id));
  await handler.getPosition();
  beside.store = () => handler.setPosition();
  await handler.runOnce();
  await stored;
  assert.deepEqual(seen, ["1", "2"]);
  assert.equal(await provider.getPosition("model"), 2);
});

test("nothing is read any more once stop() has ended", async () => {
  let reading = 0;
  const { handler } = await setUp(
    ["1", "2", "3", "4"],
    {},
    (shared) => ({
      limit: 1,
      getEventsFrom: async (...args) => {
        reading++;
        await new Promise((resolve) => setTimeout(resolve, 5));
        reading--;
        return await shared.getEventsFrom(...args);
      },
    }),
  );
  handler.subscribe("a", "Done", () => void handler.stop());
  await handler.runOnce();
  assert.equal(reading, 0);
});

test("an untold failure is told of, also if another event fails after it", async () => {
  let transactions = 0;
  const { handler, reports } = await setUp(
    ["1", "2", "3"],
    { transactional: true },
    (shared) => ({
      transact: async (work) => {
        // Another handler of the bookmark is faster.
        if (++transactions === 2) await shared.setPosition("model", 2);
        return await shared.transact!(work);
      },
    }),
  );
  handler.subscribe("a", "Done", (id) => {
    if (id !== "1") throw new Error(`event ${id}`);
  });
  await assert.rejects(handler.runOnce(), /event 3/);
  assert.deepEqual(reports, ["event 2"]);
});

test("a bookmark that could not be stored is stored later, without an event", async () => {
  let failures = 1;
  const { handler, provider } = await setUp(["1"], {}, (shared) => ({
    setPosition: async (...args) => {
      if (failures-- > 0) throw new Error("connection lost");
      return await shared.setPosition(...args);
    },
  }));
  const seen: string[] = [];
  handler.subscribe("a", "Done", (id) => void seen.push(id));
  await assert.rejects(handler.runOnce(), /connection lost/);
  assert.equal(await provider.getPosition("model"), 0);
  assert.equal(await handler.runOnce(), 0);
  assert.equal(await provider.getPosition("model"), 1);
  assert.deepEqual(seen, ["1"]);
});

test("a place that is read while another is stored moves the bookmark not back", async () => {
  const { provider } = await setUp(["1"]);
  let release = () => {};
  const released = new Promise<void>((resolve) => release = resolve);
  const cursor = new HandlerCursor(
    {
      ...provider,
      setPosition: async (...args) => {
        await released;
        return await provider.setPosition(...args);
      },
    },
    "model",
    ["a"],
    { tailStream: false, alwaysTailStream: false },
  );
  await cursor.open();
  cursor.moveTo(1);
  const storing = cursor.store();
  await new Promise((resolve) => setTimeout(resolve, 5));
  cursor.reset();
  const opening = cursor.open();
  await new Promise((resolve) => setTimeout(resolve, 5));
  release();
  await Promise.all([storing, opening]);
  assert.equal(await provider.getPosition("model"), 1);
  assert.equal(cursor.position, 1);
});
