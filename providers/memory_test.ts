import { StoreError } from "evtstore";
import { createProvider } from "evtstore/provider/memory";
import assert from "node:assert/strict";
import { test } from "node:test";

const stored = (version: number, position: unknown) => ({
  stream: "users",
  aggregateId: "u1",
  version,
  position,
  timestamp: new Date(0),
  event: { type: "Named", name: `${version}` },
});

test("createProvider() takes nothing, events, or options", async () => {
  const events = [stored(1, 1), stored(2, 2)];
  const onError = () => {};
  const empty = await createProvider().getEventsFrom("users", 0);
  assert.equal(empty.length, 0);
  for (
    const provider of [
      createProvider(events),
      createProvider(events, onError),
      createProvider({ events, onError, limit: 10 }),
    ]
  ) {
    const read = await provider.getEventsFrom("users", 0);
    assert.deepEqual([...read], events);
  }
  assert.equal(createProvider(events, onError).onError, onError);
  assert.equal(createProvider({ onError }).onError, onError);
  assert.equal(createProvider({ limit: 10 }).limit, 10);
});

test("createProvider() goes on behind the events it begins with", async () => {
  const provider = createProvider([stored(1, 40)]);
  const next = provider.createEvents("users", "u1", 2, [{
    type: "Named",
    name: "2",
  }]);
  const [appended] = await provider.append("users", "u1", 2, next);
  assert.equal(appended!.position, 41);
});

test("createProvider() gives positions to events that have none in order", async () => {
  const provider = createProvider([stored(1, 0), stored(2, undefined)]);
  const read = await provider.getEventsFrom("users", 0);
  assert.deepEqual(read.map(({ position }) => position), [1, 2]);
});

test("createProvider() refuses events whose versions do not follow", () => {
  assert.throws(
    () => createProvider([stored(1, 1), stored(3, 2)]),
    (error) =>
      error instanceof StoreError && error.field === "events[1].version",
  );
});

test("limit bounds a page", async () => {
  const provider = createProvider({
    events: [stored(1, 1), stored(2, 2), stored(3, 3)],
    limit: 2,
  });
  const page = await provider.getEventsFrom("users", 0);
  assert.equal(page.length, 2);
  assert.equal(page.scannedTo, undefined);
  assert.equal((await provider.getEventsFor("users", "u1")).length, 2);
});

test("what onCommit throws is reported, and the transaction is committed", async () => {
  const failure = new Error("the read model's own");
  const errors: unknown[] = [];
  const provider = createProvider({ onError: (error) => errors.push(error) });
  const result = await provider.transact(async (tx) => {
    tx.onCommit(() => {
      throw failure;
    });
    await provider.setPosition("model", 7, { tx });
    return "done";
  });
  assert.equal(result, "done");
  assert.deepEqual(errors, [failure]);
  assert.equal(await provider.getPosition("model"), 7);
});
