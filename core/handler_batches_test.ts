import { createProvider } from "evtstore/provider/memory";
import assert from "node:assert/strict";
import { test } from "node:test";
import { StoreError } from "./errors.ts";
import { MemoryBookmark } from "./bookmark.ts";
import { EventHandler } from "./event_handler.ts";
import type { EventHandlerOptions } from "./event_handler_options.ts";
import { FakeClock } from "./fake_clock.ts";

async function setUp(
  count: number,
  options: Partial<EventHandlerOptions> = {},
  limit?: number,
) {
  const provider = createProvider(limit === undefined ? {} : { limit });
  const handler = new EventHandler({
    bookmark: "model",
    streams: ["a"],
    provider,
    ...options,
  }, new FakeClock());
  for (let index = 0; index < count; index++) {
    const events = provider.createEvents("a", `${index}`, 1, [
      { type: "Done" },
    ]);
    await provider.append("a", `${index}`, 1, events);
  }
  return { provider, handler };
}

test("a batch is a page, or smaller, in order", async () => {
  for (const [size, expected] of [[undefined, [7]], [3, [3, 3, 1]]] as const) {
    const { handler, provider } = await setUp(7);
    const sizes: number[] = [];
    const ids: string[] = [];
    handler.subscribeBatch(
      (events) => {
        sizes.push(events.length);
        for (const one of events) {
          ids.push(one.aggregateId);
          assert(one.timestamp instanceof Date);
          assert.equal(one.event.type, "Done");
        }
      },
      size === undefined ? {} : { size },
    );
    assert.equal(await handler.runOnce(), 7);
    assert.deepEqual(sizes, expected);
    assert.deepEqual(ids, ["0", "1", "2", "3", "4", "5", "6"]);
    assert.equal(await provider.getPosition("model"), 7);
    assert.equal(await handler.runOnce(), 0);
    assert.equal(sizes.length, expected.length);
  }
});

test("a batch that fails comes again as a whole, those before it do not", async () => {
  const { handler, provider } = await setUp(6);
  const problem = new Error("the callback's own error");
  const seen: string[][] = [];
  handler.subscribeBatch((events) => {
    seen.push(events.map((one) => one.aggregateId));
    if (seen.length === 2) throw problem;
  }, { size: 2 });
  await assert.rejects(handler.runOnce(), problem);
  assert.equal(await provider.getPosition("model"), 2);
  await handler.runOnce();
  assert.deepEqual(seen.slice(1), [["2", "3"], ["2", "3"], ["4", "5"]]);
});

test("a transactional batch commits with its bookmark", async () => {
  const { handler, provider } = await setUp(4, { transactional: true });
  const committed: string[] = [];
  let broken = true;
  handler.subscribeBatch((events, tx) => {
    for (const one of events) {
      tx.onCommit(() => committed.push(one.aggregateId));
    }
    if (broken && events[0].aggregateId === "2") throw new Error("broken");
  }, { size: 2 });
  await assert.rejects(handler.runOnce(), /broken/);
  assert.deepEqual(committed, ["0", "1"]);
  assert.equal(await provider.getPosition("model"), 2);
  broken = false;
  await handler.runOnce();
  assert.deepEqual(committed, ["0", "1", "2", "3"]);
});

test("a transactional batch whose bookmark was moved handles nothing", async () => {
  const { handler, provider } = await setUp(4, { transactional: true });
  const seen: string[] = [];
  handler.subscribeBatch((events) => {
    for (const one of events) seen.push(one.aggregateId);
  }, { size: 2 });
  await handler.getPosition();
  const { getEventsFrom } = provider;
  let moved = false;
  provider.getEventsFrom = async (...args) => {
    const events = await getEventsFrom(...args);
    if (!moved) await provider.setPosition("model", 3);
    moved = true;
    return events;
  };
  await handler.runOnce();
  assert.deepEqual(seen, ["3"]);
});

test("a batch holds the events as they are read, with where they were stored", async () => {
  const { handler } = await setUp(2, {
    read: (event, meta) => ({ ...event, read: `${meta.aggregateId}` }),
  });
  const seen: unknown[] = [];
  handler.subscribeBatch((events) => {
    for (const { event, aggregateId, version } of events) {
      seen.push([event, aggregateId, version]);
    }
  });
  await handler.runOnce();
  assert.deepEqual(seen, [
    [{ type: "Done", read: "0" }, "0", 1],
    [{ type: "Done", read: "1" }, "1", 1],
  ]);
});

test("a transactional batch that is stopped at its beginning comes again", async () => {
  const { handler, provider } = await setUp(3, { transactional: true });
  const seen: string[] = [];
  handler.subscribeBatch((events) => {
    for (const { aggregateId } of events) seen.push(aggregateId);
  });
  const { setPosition, getPosition } = provider;
  provider.setPosition = async (...args) => {
    const moved = await setPosition(...args);
    void handler.stop();
    return moved;
  };
  let reads = 0;
  provider.getPosition = (...args) => {
    reads++;
    return getPosition(...args);
  };
  assert.equal(await handler.runOnce(), 0);
  assert.equal(reads, 1, "nobody else has moved the bookmark");
  assert.deepEqual(seen, []);
  assert.equal(await provider.getPosition("model"), 0);
  provider.setPosition = setPosition;
  assert.equal(await handler.runOnce(), 3);
  assert.deepEqual(seen, ["0", "1", "2"]);
});

test("hooks are told of a page of batches, and so is who waits for its end", async () => {
  const told: unknown[] = [];
  const { handler } = await setUp(4, {
    hooks: { postRun: async (...page) => void told.push(page) },
    caughtUp: async (_enough, events) => void told.push(events),
  });
  handler.subscribeBatch(() => {}, { size: 2 });
  await handler.runOnce();
  assert.deepEqual(told, [[4, 4], 4, [0, 0], 0]);
});

test("a batch needs no bookmark that is stored", async () => {
  const { handler } = await setUp(2, { bookmark: MemoryBookmark });
  const seen: string[] = [];
  handler.subscribeBatch((events) => {
    for (const { aggregateId } of events) seen.push(aggregateId);
  });
  await handler.runOnce();
  assert.deepEqual(seen, ["0", "1"]);
});

test("however many pages, in transactions or not, all are handled in one run", async () => {
  for (const transactional of [false, true]) {
    for (const isBatch of [false, true]) {
      const { handler, provider } = await setUp(8, { transactional }, 1);
      const seen: string[] = [];
      if (isBatch) {
        handler.subscribeBatch((events) =>
          void seen.push(...events.map(({ aggregateId }) => aggregateId))
        );
      } else handler.subscribe("a", "Done", (id) => void seen.push(id));
      assert.equal(await handler.runOnce(), 8);
      assert.deepEqual(seen, ["0", "1", "2", "3", "4", "5", "6", "7"]);
      assert.equal(await provider.getPosition("model"), 8);
    }
  }
});

test("handled() of an event in a batch ends with the batch", async () => {
  const { handler } = await setUp(2);
  handler.subscribeBatch(() => {});
  const handled = handler.handled("a", "1", 1);
  await handler.runOnce();
  await handled;
});

test("what a batch cannot stand beside is refused", async () => {
  const refused = (error: unknown) =>
    error instanceof StoreError && error.code === "INVALID_INPUT" &&
    error.field === "handleBatch" && error.bookmark === "model";
  const { handler } = await setUp(0);
  handler.subscribeBatch(() => {});
  assert.throws(() => handler.subscribe("a", "Done", () => {}), {
    code: "INVALID_INPUT",
  });
  const { handler: single } = await setUp(0);
  single.subscribe("a", "Done", () => {});
  assert.throws(() => single.subscribeBatch(() => {}), refused);
  for (
    const option of [
      { continueOnError: true },
      { concurrency: 2 },
      { onFailure: "skip" },
      { onFailure: "park" },
    ] as const
  ) {
    const { handler } = await setUp(0, option);
    assert.throws(() => handler.subscribeBatch(() => {}), refused);
  }
  const { handler: empty } = await setUp(0);
  assert.throws(() => empty.subscribeBatch(() => {}, { size: 0 }), {
    ...{ code: "INVALID_INPUT", field: "size" },
  });
});
