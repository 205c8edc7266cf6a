import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import type { StoreEvent } from "./event.ts";
import { handleInLanes } from "./handler_lanes.ts";

const never = () => Promise.reject(new Error("nothing fails here"));

function events(ids: string[]): StoreEvent<any>[] {
  return ids.map((aggregateId, index) => ({
    stream: "a",
    aggregateId,
    version: ids.slice(0, index + 1).filter((id) => id === aggregateId).length,
    position: index + 1,
    timestamp: new Date(0),
    event: { type: "Done" },
  }));
}

test("each aggregate's events come one after the other, others beside them", async () => {
  await fc.assert(fc.asyncProperty(
    fc.array(fc.constantFrom("a", "b", "c", "d"), { maxLength: 40 }),
    fc.integer({ min: 1, max: 6 }),
    fc.array(fc.nat(3), { minLength: 1 }),
    async (ids, concurrency, delays) => {
      const page = events(ids);
      const open = new Set<string>();
      const seen: StoreEvent<any>[] = [];
      let most = 0;
      await handleInLanes(
        page,
        concurrency,
        async (stored, index) => {
          assert.equal(page[index], stored);
          assert(!open.has(stored.aggregateId));
          open.add(stored.aggregateId);
          most = Math.max(most, open.size);
          for (let turn = delays[index % delays.length]!; turn > 0; turn--) {
            await null;
          }
          seen.push(stored);
          open.delete(stored.aggregateId);
        },
        () => false,
        never,
      );
      assert.equal(seen.length, page.length);
      assert(most <= concurrency);
      for (const id of new Set(ids)) {
        const versions = seen.filter((one) => one.aggregateId === id)
          .map((one) => one.version);
        assert.deepEqual(versions, versions.toSorted((a, b) => a - b));
      }
    },
  ));
});

test("a slow aggregate holds up only its own events", async () => {
  const page = events(["slow", "slow", "b", "b", "c", "c"]);
  const seen: string[] = [];
  let finish = () => {};
  const slow = new Promise<void>((resolve) => finish = resolve);
  const done = handleInLanes(
    page,
    2,
    async ({ aggregateId, version }) => {
      if (aggregateId === "slow" && version === 1) await slow;
      seen.push(`${aggregateId}${version}`);
    },
    () => false,
    never,
  );
  await new Promise((resolve) => setTimeout(resolve));
  assert.deepEqual(seen, ["b1", "c1", "b2", "c2"]);
  finish();
  await done;
  assert.deepEqual(seen.slice(4), ["slow1", "slow2"]);
});

test("after a failure nothing is begun; the first failure is thrown, others are told of", async () => {
  const page = events(["a", "b", "c", "d", "a"]);
  const begun: number[] = [];
  const others: unknown[] = [];
  const failed = handleInLanes(
    page,
    2,
    async (_stored, index) => {
      begun.push(index);
      await null;
      if (index === 0) await null;
      if (index < 2) throw new Error(`event ${index}`);
    },
    () => false,
    async (error) => void others.push(error),
  );
  await assert.rejects(failed, /event 0/);
  assert.deepEqual(others.map(String), ["Error: event 1"]);
  assert.deepEqual(begun, [0, 1]);
});

test("nothing is begun once it is enough", async () => {
  const begun: number[] = [];
  const page = events(["a", "b", "c", "d"]);
  await handleInLanes(
    page,
    2,
    async (_stored, index) => {
      begun.push(index);
    },
    () => begun.length >= 3,
    never,
  );
  assert.deepEqual(begun, [0, 1, 2]);
});

test("after a failure no further event is begun", async () => {
  const begun: number[] = [];
  const problem = new Error("bad");
  await assert.rejects(
    handleInLanes(
      events(["a", "b", "c", "d", "e"]),
      2,
      async (_stored, index) => {
        begun.push(index);
        if (index === 0) throw problem;
        for (let turn = 0; turn < 10; turn++) await null;
      },
      () => false,
      never,
    ),
    problem,
  );
  assert.deepEqual(begun, [0, 1]);
});
