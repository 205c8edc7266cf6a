import { createDomain } from "evtstore";
import { createProvider } from "evtstore/provider/memory";
import assert from "node:assert/strict";
import { test } from "node:test";

type Event = { type: "Added"; by: number } | { type: "Cleared" };

const options = {
  stream: "counters",
  aggregate: () => ({ count: 0 }),
  fold: (event: Event, { count }: { count: number }) => ({
    count: event.type === "Added" ? count + event.by : 0,
  }),
};

test("its handlers take one callback, several, or batches", async () => {
  const domain = createDomain({ ...options, provider: createProvider() }, {
    add: ({ by }: { by: number }) => ({ type: "Added" as const, by }),
    clear: () => ({ type: "Cleared" as const }),
  });
  await domain.command.add("a", { by: 2 });
  await domain.command.clear("a", {});
  const seen: unknown[] = [];
  const one = domain.handler("one");
  one.handle("Added", (_id, { by }) => void seen.push(["one", by]));
  const several = domain.handler("several");
  several.handlers({
    Added: (_id, { by }) => void seen.push(["several", by]),
    Cleared: () => void seen.push(["several", "cleared"]),
  });
  const batch = domain.handler("batch");
  batch.handleBatch((events) => void seen.push(["batch", events.length]), {
    size: 1,
  });
  for (const handler of [one, several, batch]) await handler.runOnce();
  assert.deepEqual(seen, [
    ["one", 2],
    ["several", 2],
    ["several", "cleared"],
    ["batch", 1],
    ["batch", 1],
  ]);
});
