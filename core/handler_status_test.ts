import { createProvider } from "evtstore/provider/memory";
import assert from "node:assert/strict";
import { test } from "node:test";
import { readLag, readStatus } from "./handler_status.ts";
import type { Provider } from "./provider.ts";

/** A log of three events. */
async function setUp(limit?: number): Promise<Provider<any>> {
  const { horizon: _, ...provider } = createProvider();
  const types = [{ type: "Done" }, { type: "Done" }, { type: "Done" }];
  const events = provider.createEvents("a", "x", 1, types);
  await provider.append("a", "x", 1, events);
  return { ...provider, ...limit !== undefined && { limit } };
}

test("what is behind is counted to the largest page, and no further", async () => {
  const countOf = async (limit: number | undefined, position: number) => {
    const now = Date.now();
    const lag = await readLag(await setUp(limit), ["a"], position, now);
    return [lag.events, lag.more];
  };
  assert.deepEqual(await countOf(2, 0), [2, true]);
  assert.deepEqual(await countOf(3, 0), [3, true]);
  assert.deepEqual(await countOf(3, 1), [2, false]);
  assert.deepEqual(await countOf(undefined, 0), [3, false]);
  const limits: unknown[] = [];
  for (const limit of [undefined, 500, 5_000]) {
    const provider = await setUp(limit);
    const { getEventsFrom } = provider;
    provider.getEventsFrom = (streams, position, limit) => {
      limits.push(limit);
      return getEventsFrom(streams, position, limit);
    };
    await readLag(provider, ["a"], 0, Date.now());
  }
  assert.deepEqual(limits, [1_000, 500, 1_000]);
});

test("what holds the log back is said where the provider can say", async () => {
  const parts = {
    ...{ name: "model", state: "idle" as const, position: 3, streams: ["a"] },
    ...{ now: Date.now(), parked: [], lastError: undefined, owner: undefined },
  };
  const plain = await setUp();
  assert.equal("horizon" in await readStatus(plain, parts), false);
  const horizon = { position: 2, seconds: 5 } as any;
  const held = { ...plain, horizon: async () => horizon };
  assert.deepEqual((await readStatus(held, parts)).horizon, horizon);
});
