import assert from "node:assert/strict";
import { test } from "node:test";
import { ago, count, exact, span } from "./time.ts";

const now = Date.parse("2026-11-30T12:00:00Z");

test("how long ago a time was is said in the unit that fits", () => {
  const said = [0, 1, 12, 89, 90, 3600, 36 * 3600, 40 * 86_400]
    .map((seconds) => ago(now - seconds * 1000, now));
  assert.deepEqual(said, [
    "now",
    "now",
    "12 s ago",
    "89 s ago",
    "2 min ago",
    "60 min ago",
    "2 d ago",
    "40 d ago",
  ]);
  assert.equal(ago("2026-11-30T12:01:00Z", now), "in 60 s");
  assert.equal(ago("no time", now), "at an unknown time");
  assert.equal(span(7200), "2 h");
});

test("an exact time is that of the reader's zone, to the millisecond", () => {
  const text = exact("2026-11-30T12:00:00.007Z");
  assert.equal(new Date(text.replace(" ", "T")).getTime(), now + 7);
  assert.equal(exact("no time"), "no time");
});

test("thousands are apart", () => {
  assert.equal(count(1234567), "1\u202f234\u202f567");
  assert.equal(count(999), "999");
});
