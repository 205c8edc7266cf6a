import {
  createAggregate,
  createCommands,
  createDomain,
  type EventMetadata,
  StoreError,
  withMetadata,
} from "evtstore";
import { createProvider } from "evtstore/provider/memory";
import assert from "node:assert/strict";
import { test } from "node:test";

const counter = createAggregate({
  stream: "counters",
  create: () => ({ value: 0 }),
  fold: (_event: { type: "Added" }, { value }) => ({ value: value + 1 }),
});

function setUp() {
  const provider = createProvider();
  const { domain, createHandler } = createDomain({ provider }, { counter });
  const counters = createCommands(domain.counter, {
    add: () => ({ type: "Added" as const }),
  });
  const metadataOf = async (id: string): Promise<EventMetadata[]> =>
    (await provider.getEventsFor("counters", id)).map(({ metadata }) =>
      metadata!
    );
  return { provider, counters, createHandler, metadataOf };
}

test("withMetadata() reaches every command that it sends, also a later one", async () => {
  const { counters, metadataOf } = setUp();
  await withMetadata({ userId: "ada", tenant: "t1" }, async () => {
    await counters.add("a", {});
    await new Promise((resolve) => setTimeout(resolve));
    await counters.add("a", {}, { metadata: { userId: "bob", step: 2 } });
  });
  const [first, second] = await metadataOf("a");
  const { correlationId } = first!;
  assert.match(correlationId!, /^[0-9a-f-]{36}$/);
  assert.deepEqual(first, { userId: "ada", tenant: "t1", correlationId });
  assert.deepEqual(second, {
    userId: "bob",
    tenant: "t1",
    step: 2,
    correlationId,
  });
});

test("without it nothing is added", async () => {
  const { counters, metadataOf } = setUp();
  await withMetadata({}, () => {});
  await counters.add("a", {});
  assert.deepEqual(await metadataOf("a"), [undefined]);
});

test("two requests at once do not mix", async () => {
  const { counters, metadataOf } = setUp();
  await Promise.all(
    ["a", "b", "c"].map((id) =>
      withMetadata({ correlationId: id }, async () => {
        await counters.add(id, {});
        await counters.add(id, {});
      })
    ),
  );
  for (const id of ["a", "b", "c"]) {
    assert.deepEqual(await metadataOf(id), [
      { correlationId: id },
      { correlationId: id },
    ]);
  }
});

test("one inside another adds to it", async () => {
  const { counters, metadataOf } = setUp();
  await withMetadata(
    { correlationId: "request", userId: "ada" },
    () => withMetadata({ userId: "bob" }, () => counters.add("a", {})),
  );
  assert.deepEqual(await metadataOf("a"), [
    { correlationId: "request", userId: "bob" },
  ]);
});

test("a handler passes it on to its commands, and names the cause", async () => {
  const { counters, createHandler, metadataOf } = setUp();
  const process = createHandler("process", ["counters"]);
  process.handle("counters", "Added", async (id) => {
    if (id === "a") await counters.add("b", {}, { metadata: { step: 1 } });
    if (id === "b") await counters.add("c", {});
  });
  await withMetadata(
    { correlationId: "request", tenant: "t1" },
    () => counters.add("a", {}),
  );
  await process.runOnce();
  const correlated = { correlationId: "request", tenant: "t1" };
  const caused = { ...correlated, causationId: "counters/a@1", step: 1 };
  assert.deepEqual(await metadataOf("b"), [caused]);
  assert.deepEqual(await metadataOf("c"), [
    { ...caused, causationId: "counters/b@1" },
  ]);
});

test("where there is none a handler adds none", async () => {
  const { counters, createHandler, metadataOf } = setUp();
  const process = createHandler("process", ["counters"]);
  process.handle("counters", "Added", async (id) => {
    if (id === "a") await counters.add("b", {});
  });
  await counters.add("a", {});
  await process.runOnce();
  assert.deepEqual(await metadataOf("b"), [undefined]);
});

test("metadata that cannot be stored is refused at once", () => {
  for (const metadata of [undefined, [], { at: new Map() }, { n: 1n }]) {
    let isCalled = false;
    assert.throws(
      () => withMetadata(metadata as any, () => void (isCalled = true)),
      (error) => error instanceof StoreError && error.code === "INVALID_INPUT",
    );
    assert.equal(isCalled, false);
  }
});
