import assert from "node:assert/strict";
import { test } from "node:test";
import { checkRecord } from "./record_input.ts";

test("a record that can be read back as it was given is welcome", () => {
  checkRecord("kind", "key", null, 0, undefined);
  checkRecord("kind", "key", { deep: [1, "a"] }, Number.MAX_SAFE_INTEGER, 0);
  checkRecord("kind", "key", "", 1, -1.5);
});

test("what could not be is refused, and named", () => {
  const wrong: [Parameters<typeof checkRecord>, string][] = [
    [["", "key", 1, 0, undefined], "kind"],
    [["kind", "", 1, 0, undefined], "key"],
    [["kind", "key", 1n, 0, undefined], "value"],
    [["kind", "key", undefined, 0, undefined], "value"],
    [["kind", "key", 1, -1, undefined], "revision"],
    [["kind", "key", 1, 0.5, undefined], "revision"],
    [["kind", "key", 1, 2 ** 53, undefined], "revision"],
    [["kind", "key", 1, 0, NaN], "due"],
    [["kind", "key", 1, 0, Infinity], "due"],
  ];
  for (const [record, field] of wrong) {
    assert.throws(() => checkRecord(...record), {
      code: "INVALID_INPUT",
      field,
    });
  }
});
