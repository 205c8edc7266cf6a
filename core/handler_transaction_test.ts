import { createProvider } from "evtstore/provider/memory";
import assert from "node:assert/strict";
import { test } from "node:test";
import { EventHandler } from "./event_handler.ts";
import type { EventHandlerOptions } from "./event_handler_options.ts";
import { FakeClock } from "./fake_clock.ts";
import type { Provider } from "./provider.ts";

/** A transactional handler of three events, on a provider without records. */
async function setUp(
  options: Partial<EventHandlerOptions> = {},
  change: (provider: Provider<any>) => Partial<Provider<any>> = () => ({}),
) {
  const { records: _, ...shared } = createProvider({ onError: () => {} });
  const clock = new FakeClock();
  const handler = new EventHandler({
    bookmark: "model",
    streams: ["a"],
    provider: { ...shared, ...change(shared) },
    transactional: true,
    ...options,
  }, clock);
  for (const id of ["x", "y", "z"]) {
    const events = shared.createEvents("a", id, 1, [{ type: "Done" }]);
    await shared.append("a", id, 1, events);
  }
  return { handler, clock, shared };
}

test("a page without a callback needs no transaction", async () => {
  const { handler, shared } = await setUp({}, () => ({
    transact: () => Promise.reject(new Error("must not begin")),
  }));
  assert.equal(await handler.runOnce(), 3);
  assert.equal(await shared.getPosition("model"), 3);
});

test("a transaction that had no time for all moves back to where it was", async () => {
  const { handler, clock, shared } = await setUp();
  const seen: string[] = [];
  const places: unknown[] = [];
  handler.subscribe("a", "Done", async (id, _event, _meta, tx) => {
    places.push(await shared.getPosition("model"));
    clock.pass(2_000);
    tx.onCommit(() => seen.push(id));
  });
  assert.equal(await handler.runOnce(), 3);
  assert.deepEqual(places, [0, 1, 2]);
  assert.deepEqual(seen, ["x", "y", "z"]);
});

test("handled() ends with the transaction, also of an event that is skipped", async () => {
  const { handler, clock } = await setUp({ continueOnError: true });
  handler.subscribe("a", "Done", (id) => {
    if (id === "y") throw new Error("bad event");
  });
  const ends: string[] = [];
  const waits = ["x", "y", "z"].map(async (id) => {
    await handler.handled("a", id, 1);
    ends.push(id);
  });
  await clock.settle();
  assert.deepEqual(ends, []);
  await handler.runOnce();
  await Promise.all(waits);
  assert.deepEqual(ends, ["x", "y", "z"]);
});

test("handled() does not end with a skipped event that is another's by then", async () => {
  let skips = 0;
  const { handler, clock, shared } = await setUp(
    { continueOnError: true },
    (provider) => ({
      setPosition: async (bookmark, position, options) => {
        // Somebody sets the bookmark back, as the skipped event is passed.
        if (options?.tx === undefined && skips++ === 0) {
          await provider.setPosition("model", 0);
          return false;
        }
        return await provider.setPosition(bookmark, position, options);
      },
    }),
  );
  let hasEnded = false;
  const before: boolean[] = [];
  handler.subscribe("a", "Done", () => {
    if (skips === 0) throw new Error("bad event");
    before.push(hasEnded);
  });
  const waiting = handler.handled("a", "x", 1).then(() => hasEnded = true);
  await clock.settle();
  await handler.runOnce();
  await waiting;
  assert.equal(before[0], false, "as x is handled after all");
  assert.equal(await shared.getPosition("model"), 3);
});
