import assert from "node:assert/strict";
import { test, type TestContext } from "node:test";
import { EventFailure } from "./event_failure.ts";
import { type HandlerChange, HandlerCondition } from "./handler_condition.ts";

const eventOf = (aggregateId: string, version: number, stream = "a"): any => ({
  ...{ stream, aggregateId, version, position: version },
  event: { type: "Done" },
});

const typesOf = (changes: HandlerChange[]) => changes.map(({ type }) => type);

function setUp() {
  const condition = new HandlerCondition();
  const changes: HandlerChange[] = [];
  const end = condition.observe((change) => void changes.push(change));
  const fail = (event: any, now = 0) => {
    const failure = new EventFailure(new Error("bad"), event);
    condition.failed(failure, failure, now);
  };
  return { condition, changes, end, fail };
}

test("only the event that failed ends its failure, by stream, id and version", () => {
  const { condition, changes, fail } = setUp();
  fail(eventOf("x", 2));
  condition.passed(eventOf("y", 2));
  condition.passed(eventOf("x", 1));
  condition.passed(eventOf("x", 2, "b"));
  assert.deepEqual(typesOf(changes), ["failed"]);
  condition.passed(eventOf("x", 2));
  condition.passed(eventOf("x", 2));
  assert.deepEqual(typesOf(changes), ["failed", "recovered"]);
});

test("failures in a row are counted, from the first of them", () => {
  const { condition, fail } = setUp();
  fail(eventOf("x", 1), 1_000);
  fail(eventOf("x", 1), 2_000);
  assert.equal(condition.failure?.attempts, 2);
  assert.equal(condition.failure?.at.getTime(), 2_000);
  assert.equal(condition.failure?.since.getTime(), 1_000);
  condition.passed(eventOf("x", 1));
  assert.equal(condition.failure?.attempts, 0);
  fail(eventOf("x", 2), 3_000);
  assert.equal(condition.failure?.attempts, 1);
  assert.equal(condition.failure?.since.getTime(), 3_000);
  condition.caughtUp();
  condition.caughtUp();
  assert.equal(condition.failure?.attempts, 0);
});

test("who has caught up fails no more, whatever had failed", () => {
  const { condition, changes } = setUp();
  condition.failed(new Error("the store is away"), undefined, 1_000);
  condition.caughtUp();
  assert.deepEqual(typesOf(changes), ["failed", "recovered"]);
  // After one that is parked the next one is a first one again.
  const parked = new EventFailure(new Error("bad"), eventOf("x", 1));
  parked.outcome = "parked";
  condition.failed(parked, parked, 2_000);
  condition.caughtUp();
  assert.equal(condition.failure?.attempts, 0);
  condition.failed(new Error("the store is away"), undefined, 3_000);
  assert.equal(condition.failure?.attempts, 1);
  assert.equal(condition.failure?.since.getTime(), 3_000);
});

test("one that was skipped is not waited for", () => {
  const { condition, changes } = setUp();
  const failure = new EventFailure(new Error("bad"), eventOf("x", 1));
  failure.outcome = "skipped";
  condition.failed(failure, failure, 0);
  condition.passed(eventOf("x", 1));
  condition.caughtUp();
  assert.deepEqual(typesOf(changes), ["failed"]);
});

test("who observes twice is called twice, and ends once", () => {
  const { condition, changes, end } = setUp();
  const observer = (change: HandlerChange) => void changes.push(change);
  condition.observe(observer);
  condition.observe(observer);
  condition.become("idle");
  assert.equal(changes.length, 3);
  end();
  condition.become("standby", { member: "m", process: "p", self: false });
  assert.equal(changes.length, 5);
  assert.deepEqual(changes.at(-1), {
    type: "state",
    state: "standby",
    owner: { member: "m", process: "p", self: false },
  });
});

test("an observer that throws stops nobody, and is told of", (t: TestContext) => {
  const condition = new HandlerCondition();
  const warnings: string[] = [];
  t.mock.method(
    globalThis.process,
    "emitWarning",
    (text: string) => void warnings.push(text),
  );
  const states: unknown[] = [];
  condition.observe(() => {
    throw "broken";
  });
  condition.observe((change) => states.push(change));
  condition.become("idle");
  assert.deepEqual(states, [{ type: "state", state: "idle" }]);
  assert.deepEqual(warnings, ["Unhandled failure: broken"]);
});
