import assert from "node:assert/strict";
import { test } from "node:test";
import { interleave, ratioOf, spreadOf } from "./rounds.ts";

test("spreadOf() gives median and quartiles", () => {
  assert.deepEqual(spreadOf([4, 1, 3, 2, 5]), { median: 3, low: 2, high: 4 });
  assert.deepEqual(spreadOf([1, 2]), { median: 1.5, low: 1.25, high: 1.75 });
});

test("ratioOf() compares each round with the reference's own", () => {
  const reference = { name: "reference", rounds: [10, 100, 20] };
  const twiceAsFast = { name: "one", rounds: [5, 50, 10] };
  assert.deepEqual(ratioOf(twiceAsFast, reference), {
    median: 2,
    low: 2,
    high: 2,
  });
});

test("interleave() runs all in turns, begins with another each round, and does not count the first", async () => {
  const ran: string[] = [];
  const work = (name: string) => (round: number) => {
    ran.push(`${name}${round}`);
    return Promise.resolve(round);
  };
  const series = await interleave(
    new Map([["a", work("a")], ["b", work("b")]]),
    2,
  );
  assert.deepEqual(ran, ["a0", "b0", "b1", "a1", "a2", "b2"]);
  assert.deepEqual(series, [
    { name: "a", rounds: [1, 2] },
    { name: "b", rounds: [1, 2] },
  ]);
});
