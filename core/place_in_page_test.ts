import { createProvider } from "evtstore/provider/memory";
import assert from "node:assert/strict";
import { test } from "node:test";
import { countUpTo } from "./place_in_page.ts";

/** Events of two aggregates, and one of a stream that nobody asks for. */
async function setUp() {
  const provider = createProvider();
  const log = [["a", "x"], ["a", "y"], ["b", "x"], ["a", "x"], ["a", "y"]];
  for (const [stream, id] of log as [string, string][]) {
    const version = (await provider.getLastEventFor(stream, id))?.version ?? 0;
    const events = provider.createEvents(stream, id, version + 1, [
      { type: "Done" },
    ]);
    await provider.append(stream, id, version + 1, events);
  }
  const limits: unknown[] = [];
  const { getEventsFor } = provider;
  provider.getEventsFor = (...args) => {
    limits.push(args[3]?.limit);
    return getEventsFor(...args);
  };
  const count = async (from: number, length: number, place: number) => {
    const events = await provider.getEventsFrom(["a"], from, length);
    return await countUpTo(provider, ["a"], { from, events }, place);
  };
  return { count, limits };
}

test("events of a page are counted up to a place in it, or between two of it", async () => {
  const { count, limits } = await setUp();
  const counts = [];
  for (let place = 0; place <= 5; place++) {
    counts.push(await count(0, 4, place));
  }
  // The third event is of another stream.
  assert.deepEqual(counts, [0, 1, 2, 2, 3, 4]);
  assert(limits.every((limit) => limit === 1));
});

test("a page that is behind the place as a whole is told by all of it, or by -1", async () => {
  const { count } = await setUp();
  assert.equal(await count(0, 2, 5), 2);
  assert.equal(await count(1, 2, 1), 0);
  assert.equal(await count(1, 2, 0), -1);
});

test("of an empty page it is told by what stands between", async () => {
  const { count } = await setUp();
  assert.equal(await count(5, 4, 5), 0);
  assert.equal(await count(5, 4, 4), -1);
  assert.equal(await count(3, 0, 3), 0);
});

test("an event of another stream is another one, of whatever id and version", async () => {
  const provider = createProvider();
  for (const stream of ["a", "b", "a"]) {
    const id = "x";
    const last = await provider.getLastEventFor(stream, id);
    const version = (last?.version ?? 0) + 1;
    const events = provider.createEvents(stream, id, version, [
      { type: "Done" },
    ]);
    await provider.append(stream, id, version, events);
  }
  const streams = ["a", "b"];
  const events = await provider.getEventsFrom(streams, 0, 3);
  const counts = [];
  for (const place of [0, 1, 2, 3]) {
    const page = { from: 0, events };
    counts.push(await countUpTo(provider, streams, page, place));
  }
  assert.deepEqual(counts, [0, 1, 2, 3]);
  // The next event of the same aggregate is behind the place, and the page too.
  const [first] = events;
  const page = { from: 0, events: [first!] };
  assert.equal(await countUpTo(provider, streams, page, 1), 1);
});
