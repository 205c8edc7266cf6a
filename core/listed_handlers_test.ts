import { createProvider } from "evtstore/provider/memory";
import assert from "node:assert/strict";
import { test } from "node:test";
import type { HandlerControls } from "./handler_options.ts";
import { countBehind, listHandlers, ownerOf } from "./listed_handlers.ts";
import { allSlices, sliceBookmark, sliceOf } from "./slices.ts";

const handlers = (...names: string[]) =>
  names.map((name) => ({ name }) as HandlerControls);

test("what is stored comes first, and then those that have stored nothing", () => {
  const stored = [
    { bookmark: "balances", position: 7 },
    { bookmark: "mails", position: 3 },
  ];
  assert.deepEqual(listHandlers(stored, 0, handlers("mails", "new")), [
    ...stored,
    { bookmark: "new" },
  ]);
  assert.deepEqual(listHandlers([], 0, []), []);
});

test("the slices of a handler are one, wherever they stand", () => {
  const stored = [
    { bookmark: "balances", position: 7 },
    // Where it stood before it had shards, which means nothing any more.
    { bookmark: "mails", position: 3 },
    { bookmark: sliceBookmark("mails", 5), position: 9 },
    { bookmark: sliceBookmark("mails", 63), position: 4 },
  ];
  const places = allSlices.map(() => 0);
  places[5] = 9;
  places[63] = 4;
  const expected = [
    { bookmark: "balances", position: 7 },
    { bookmark: "mails", places },
  ];
  assert.deepEqual(listHandlers(stored, 0, handlers("mails")), expected);
  // A store may have them in another order.
  assert.deepEqual(
    listHandlers(stored.toReversed(), 0, []),
    expected.toReversed(),
  );
});

test("a bookmark that only looks like that of a slice is one by itself", () => {
  const stored = [{ bookmark: "mails@slice-64", position: 1 }];
  assert.deepEqual(listHandlers(stored, 0, []), stored);
});

/** Three events, in slices of their own, at positions 1 to 3. */
async function setUp() {
  const provider = createProvider();
  for (const id of ["ada", "bob", "eve"]) {
    const events = provider.createEvents("a", id, 1, [{ type: "Done" }]);
    for (const stored of events) stored.timestamp = new Date(Date.now() - 5000);
    await provider.append("a", id, 1, events);
  }
  return provider;
}

test("how far one is behind is counted from its bookmark, or from those of its slices", async () => {
  const provider = await setUp();
  const whole = await countBehind(provider, ["a"], {
    bookmark: "model",
    position: 1,
  });
  assert.equal(whole.position, 1);
  assert.deepEqual([whole.lag.events, whole.lag.more], [2, false]);
  assert(whole.lag.seconds >= 5 && whole.lag.seconds < 60);

  const places = allSlices.map(() => 3);
  places[sliceOf({ stream: "a", aggregateId: "bob" })] = 1;
  const sliced = await countBehind(provider, ["a"], {
    bookmark: "model",
    places,
  });
  assert.equal(sliced.position, 1);
  assert.equal(sliced.lag.events, 1);
  assert(sliced.lag.seconds >= 5 && sliced.lag.seconds < 60);
});

test("without streams nothing is behind, and nothing is read", async () => {
  const provider = await setUp();
  provider.getEventsFrom = () => assert.fail("it was read");
  const one = { bookmark: "model", position: 1 };
  assert.deepEqual(await countBehind(provider, [], one), {
    position: 1,
    lag: { events: 0, more: false, seconds: 0 },
  });
});

test("the owner of slices is the process that has them, or how many have some", () => {
  const whole = { bookmark: "model", position: 1 };
  assert.equal(ownerOf(whole, new Map([["model", "host 1"]])), "host 1");
  assert.equal(ownerOf(whole, new Map()), undefined);
  const sliced = { bookmark: "model", places: allSlices.map(() => 0) };
  // That of the whole means nothing.
  const owners = new Map([["model", "host 9"]]);
  assert.equal(ownerOf(sliced, owners), undefined);
  owners.set(sliceBookmark("model", 1), "host 1");
  owners.set(sliceBookmark("model", 2), "host 1");
  assert.equal(ownerOf(sliced, owners), "host 1");
  owners.set(sliceBookmark("model", 3), "host 2");
  assert.equal(ownerOf(sliced, owners), "2 processes");
});
