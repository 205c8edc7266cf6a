import {
  createAggregate,
  createCommands,
  createDomain,
  StoreError,
} from "evtstore";
import { createProvider } from "evtstore/provider/memory";
import assert from "node:assert/strict";
import { test } from "node:test";

type Added = { type: "Added" };

const described = {
  stream: "counters",
  create: () => ({ count: 0 }),
  fold: (_event: Added, { count }: { count: number }) => ({ count: count + 1 }),
};

test("two folds of a stream need two versions of their snapshots; one fold needs one", () => {
  const provider = createProvider();
  const snapshot = { version: "1" };
  const counter = createAggregate({ ...described, snapshot });
  const same = createAggregate({ ...described, snapshot });
  createDomain({ provider }, { counter, same });
  const other = createAggregate({
    ...described,
    fold: (_event: Added) => ({ count: 1 }),
    snapshot,
  });
  assert.throws(
    () => createDomain({ provider }, { counter, other }),
    (error) =>
      error instanceof StoreError && error.code === "INVALID_INPUT" &&
      error.field === "snapshot.version" && error.stream === "counters",
  );
});

test("an aggregate that is not persisted is not asked of its last event, whatever its version", async () => {
  const provider = createProvider();
  let asked = 0;
  const counted = {
    ...provider,
    getLastEventFor(...args: Parameters<typeof provider.getLastEventFor>) {
      asked++;
      return provider.getLastEventFor(...args);
    },
  };
  const counter = createAggregate({ ...described, version: "1" });
  const { domain } = createDomain({ provider: counted }, { counter });
  assert.equal((await domain.counter.getAggregate("a")).count, 0);
  assert.equal(asked, 0);
});

test("a callback that is undefined is none", async () => {
  const provider = createProvider({ onError: () => {} });
  const counter = createAggregate(described);
  const { domain, createHandler } = createDomain({ provider }, { counter });
  const counters = createCommands(domain.counter, {
    add: () => ({ type: "Added" }),
  });
  await counters.add("a", {});
  const handler = createHandler("model", ["counters"]);
  handler.handleStream("counters", { Added: undefined as any });
  assert.equal(await handler.runOnce(), 1);
});
