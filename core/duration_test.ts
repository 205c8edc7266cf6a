import { StoreError } from "evtstore";
import assert from "node:assert/strict";
import { test } from "node:test";
import { type Duration, toMs } from "./duration.ts";

test("a duration is a number of a unit", () => {
  const durations: [Duration, number][] = [
    ["0ms", 0],
    ["250ms", 250],
    ["1.5s", 1500],
    ["2m", 120_000],
    ["24h", 86_400_000],
    ["7d", 604_800_000],
    ["0.0004s", 0],
  ];
  for (const [duration, ms] of durations) {
    assert.equal(toMs("after", duration), ms, duration);
  }
});

test("what is no duration is refused by its name", () => {
  const wrong = [
    "",
    "h",
    "24",
    "-1h",
    "1e3s",
    "24 h",
    "1w",
    "Infinityms",
    5,
    "5 minutes",
    "5min",
    "5m ",
    "in 5m",
  ];
  for (const duration of wrong) {
    assert.throws(
      () => toMs("after", duration as Duration),
      (error) =>
        error instanceof StoreError && error.code === "INVALID_INPUT" &&
        error.field === "after",
      String(duration),
    );
  }
});
