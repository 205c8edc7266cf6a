import assert from "node:assert/strict";
import { test } from "node:test";
import { systemClock } from "../../core/clock.ts";
import { RecentVersions } from "./recent_versions.ts";

test("a version that an aggregate has reached is known for a second", () => {
  let now = 0;
  const recent = new RecentVersions({ ...systemClock, monotonic: () => now });
  assert.equal(recent.has("a", "x", 1), false);
  recent.add("a", "x", 3);
  now = 999;
  assert.equal(recent.has("a", "x", 3), true);
  assert.equal(recent.has("a", "x", 2), true);
  assert.equal(recent.has("a", "x", 4), false);
  assert.equal(recent.has("a", "y", 3), false);
  assert.equal(recent.has("b", "x", 3), false);
  now = 1000;
  assert.equal(recent.has("a", "x", 3), false);
  recent.add("a", "x", 4);
  assert.equal(recent.has("a", "x", 4), true);
});

test("the aggregates that were added last are remembered", () => {
  const recent = new RecentVersions({ ...systemClock, monotonic: () => 0 });
  for (let id = 0; id < 10_000; id++) recent.add("a", String(id), 1);
  recent.add("a", "0", 2);
  recent.add("a", "one more", 1);
  assert.equal(recent.has("a", "0", 2), true);
  assert.equal(recent.has("a", "1", 1), false);
  assert.equal(recent.has("a", "2", 1), true);
});
