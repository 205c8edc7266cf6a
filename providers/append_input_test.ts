import assert from "node:assert/strict";
import { test } from "node:test";
import { createEventsMapper } from "../core/event.ts";
import { checkAppend } from "./append_input.ts";

const createEvents = createEventsMapper<any>(0);
const two = () =>
  createEvents("s", "id", 3, [{ type: "Opened" }, { type: "Closed" }]);

test("an append of events that fit together is welcome", () => {
  checkAppend("s", "id", 3, two(), undefined);
  checkAppend("s", "id", 3, two(), "c1");
  checkAppend("s", "id", 1, [], undefined);
  const withMetadata = two();
  withMetadata[0]!.metadata = { user: "Ada" };
  checkAppend("s", "id", 3, withMetadata, undefined);
});

test("a version that is none is refused", () => {
  for (const version of [0, -1, 1.5, NaN, 2 ** 53]) {
    assert.throws(() => checkAppend("s", "id", version, two(), undefined), {
      code: "INVALID_INPUT",
      field: "version",
    });
  }
});

test("what is refused is shown, as much of it as one can read", () => {
  const long: any = "x".repeat(1000);
  assert.throws(() => checkAppend("s", "id", long, two(), undefined), {
    message: `Expected version to be a whole number from 1: got ${
      "x".repeat(40)
    }`,
  });
});

test("an event of another aggregate or version is refused, and named", () => {
  const changes: [string, Record<string, unknown>][] = [
    ["events[1].stream", { stream: "t" }],
    ["events[1].aggregateId", { aggregateId: "other" }],
    ["events[1].version", { version: 3 }],
    ["events[1].timestamp", { timestamp: new Date(NaN) }],
  ];
  for (const [field, change] of changes) {
    const [first, second] = two();
    const events = [first!, { ...second!, ...change }];
    assert.throws(
      () => checkAppend("s", "id", 3, events, undefined),
      { code: "INVALID_INPUT", field },
    );
  }
});

test("an event that JSON cannot hold, or of no type, is refused, and named", () => {
  const wrong: [string, unknown][] = [
    ["events[1].event", "Closed"],
    ["events[1].event.type", {}],
    ["events[1].event.at", { type: "Closed", at: 1n }],
  ];
  for (const [field, event] of wrong) {
    const [first, second] = two();
    const events = [first!, { ...second!, event }];
    assert.throws(
      () => checkAppend("s", "id", 3, events, undefined),
      { code: "INVALID_INPUT", field },
    );
  }
});

test("metadata that JSON cannot hold is refused, and named", () => {
  const [first, second] = two();
  const metadata: any = { at: 1n };
  assert.throws(
    () => checkAppend("s", "id", 3, [{ ...first!, metadata }, second!], "c"),
    (error: any) =>
      error.code === "INVALID_INPUT" &&
      error.field.startsWith("events[0].metadata"),
  );
});
