import assert from "node:assert/strict";
import { test } from "node:test";
import { DEFAULT_PLAN, planOptions, toPlan } from "./simulator_plan.ts";

test("toPlan() takes the options of a command line", () => {
  const plan = toPlan({ "events-per-second": "800", kill: "20,40.5" });
  assert.deepEqual(plan, {
    ...DEFAULT_PLAN,
    eventsPerSecond: 800,
    kill: [20, 40.5],
  });
  assert.deepEqual(toPlan({ suite: "pg" }), DEFAULT_PLAN);
});

test("toPlan() refuses what is no number, or several where one is meant", () => {
  assert.throws(() => toPlan({ processes: "two" }), /--processes to be a numb/);
  assert.throws(() => toPlan({ processes: "1,2" }), /--processes to be a numb/);
  assert.throws(() => toPlan({ kill: "soon" }), /--kill to be seconds/);
});

test("each field of a plan has an option", () => {
  assert.equal(planOptions.length, Object.keys(DEFAULT_PLAN).length);
  assert.deepEqual(planOptions.find(([field]) => field === "skew"), [
    "skew",
    "skew",
  ]);
});
