import assert from "node:assert/strict";
import { test } from "node:test";
import type { HandlerChange } from "./handler_condition.ts";
import type { HandlerState } from "./handler_status.ts";
import { SlicesCondition } from "./slices_condition.ts";

/** A condition, and what it has told of. */
function observe() {
  const condition = new SlicesCondition();
  const changes: HandlerChange[] = [];
  const end = condition.observe((change) => changes.push(change));
  const told = () =>
    changes.splice(0).map((change) =>
      change.type === "state" ? change.state : change.type
    );
  const become = (slice: number, state: HandlerState) =>
    condition.changed(slice, { type: "state", state });
  return { condition, told, become, end };
}

const failed = (outcome: "retry" | "parked"): HandlerChange => ({
  type: "failed",
  outcome,
  failure: {
    ...{ error: new Error("no"), at: new Date(0), since: new Date(0) },
    attempts: 1,
  },
});

test("the whole does what most needs to be known of its slices", () => {
  const { condition } = observe();
  const states: HandlerState[] = [
    "retired",
    "retrying",
    "working",
    "idle",
    "standby",
    "stopped",
  ];
  for (const [at, state] of states.entries()) {
    assert.equal(condition.stateOf(states.slice(at).reverse()), state);
  }
});

test("a change of the whole is told, and one that changes nothing is not", () => {
  const { condition, told, become, end } = observe();
  condition.become(undefined);
  become(0, "stopped");
  assert.deepEqual(told(), []);
  become(0, "standby");
  become(1, "standby");
  become(1, "idle");
  become(2, "working");
  become(2, "idle");
  assert.deepEqual(told(), ["standby", "idle", "working", "idle"]);
  condition.become("retrying");
  become(3, "working");
  condition.become(undefined);
  assert.deepEqual(told(), ["retrying", "working"]);
  end();
  become(3, "idle");
  assert.deepEqual(told(), []);
});

test("it has recovered when every slice has", () => {
  const { condition, told } = observe();
  condition.changed(1, failed("retry"));
  condition.changed(2, failed("retry"));
  condition.changed(1, { type: "recovered" });
  assert.deepEqual(told(), ["failed", "failed"]);
  condition.changed(2, { type: "recovered" });
  assert.deepEqual(told(), ["recovered"]);
  // What is parked is not waited for.
  condition.changed(1, failed("retry"));
  condition.changed(2, failed("retry"));
  condition.changed(1, failed("parked"));
  condition.changed(2, { type: "recovered" });
  assert.deepEqual(told(), ["failed", "failed", "failed", "recovered"]);
});

test("what fails before any slice was begun is counted until it succeeds", () => {
  const { condition, told } = observe();
  condition.begun();
  assert.deepEqual(told(), []);
  const error = new Error("no store");
  let change: HandlerChange | undefined;
  const end = condition.observe((one) => change = one);
  condition.failed(error, 1000);
  end();
  assert.deepEqual(change, {
    ...{ type: "failed", failure: condition.failure, outcome: "retry" },
  });
  const first = condition.failure;
  condition.failed(error, 3000);
  assert.deepEqual(condition.failure, {
    ...{ error, at: new Date(3000), since: new Date(1000), attempts: 2 },
  });
  assert.equal(first?.attempts, 1);
  condition.begun();
  condition.begun();
  assert.deepEqual(told(), ["failed", "failed", "recovered"]);
  assert.equal(condition.failure?.attempts, 0);
  // The next failures in a row are others.
  condition.failed(error, 9000);
  assert.deepEqual(condition.failure, {
    ...{ error, at: new Date(9000), since: new Date(9000), attempts: 1 },
  });
});
