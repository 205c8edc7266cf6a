import { createAggregate, createDomain } from "evtstore";
import { createProvider } from "evtstore/provider/memory";
import assert from "node:assert/strict";
import { test } from "node:test";
import type { Provider } from "./provider.ts";

const counter = createAggregate({
  stream: "counters",
  create: () => ({ count: 0 }),
  fold: (_event: { type: "Added"; by: number }, { count }) => ({
    count: count + 1,
  }),
});

test("a domain without upcasters reads events as they are stored, as many at a time as its provider gives", async () => {
  const asked: unknown[] = [];
  for (const limit of [2, 0]) {
    const provider = createProvider();
    const counted: Provider<any> = {
      ...provider,
      limit,
      getEventsFrom(streams, position, count) {
        asked.push(count);
        return provider.getEventsFrom(streams, position, count);
      },
    };
    const events = [1, 2, 3].map((by) => ({ type: "Added", by }));
    await provider.append(
      "counters",
      "a",
      1,
      provider.createEvents("counters", "a", 1, events),
    );
    const { readEvents } = createDomain({ provider: counted }, { counter });
    const read: unknown[] = [];
    for await (const { event } of readEvents(["counters"])) read.push(event);
    assert.deepEqual(read, events);
  }
  assert.deepEqual(asked.slice(0, 3), [2, 2, 2]);
  assert(asked.slice(3).every((count) => Number(count) >= 100));
});
