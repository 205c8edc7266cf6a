import assert from "node:assert/strict";
import { test } from "node:test";
import { AggregateCache } from "./aggregate_cache.ts";

test("AggregateCache forgets the aggregate that was used longest ago", () => {
  const cache = new AggregateCache<{ value: number }>(2);
  cache.set("a", { value: 1 }, 1);
  cache.set("b", { value: 2 }, 2);
  cache.get("a");
  cache.set("c", { value: 3 }, 3);
  assert.equal(cache.get("b"), undefined);
  assert.deepEqual(cache.get("a"), { aggregate: { value: 1 }, position: 1 });
  assert.deepEqual(cache.get("c"), { aggregate: { value: 3 }, position: 3 });
});

test("AggregateCache is not changed by whoever put or got an aggregate", () => {
  const cache = new AggregateCache<{ items: number[] }>(1);
  const given = { items: [1] };
  cache.set("a", given, 1);
  given.items.push(2);
  cache.get("a")!.aggregate.items.push(3);
  assert.deepEqual(cache.get("a")!.aggregate, { items: [1] });
});

test("AggregateCache keeps no older state of what it cannot copy", () => {
  const cache = new AggregateCache<{ value: unknown }>(1);
  cache.set("a", { value: 1 }, 1);
  cache.set("a", { value: () => 2 }, 2);
  assert.equal(cache.get("a"), undefined);
});

test("AggregateCache forgets an aggregate when told to", () => {
  const cache = new AggregateCache<{ value: number }>(1);
  cache.set("a", { value: 1 }, 1);
  cache.delete("a");
  assert.equal(cache.get("a"), undefined);
});
