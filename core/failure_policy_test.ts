import { StoreError } from "evtstore";
import assert from "node:assert/strict";
import { test } from "node:test";
import { checkFailurePolicy } from "./failure_policy.ts";

test("pauses are numbers of milliseconds, and refused by name", () => {
  for (
    const [retry, field] of [
      [{ minMs: 0 }, "retry.minMs"],
      [{ minMs: Infinity }, "retry.minMs"],
      [{ minMs: Infinity, maxMs: Infinity }, "retry.minMs"],
      [{ maxMs: Infinity }, "retry.maxMs"],
      [{ minMs: 50, maxMs: 10 }, "retry.maxMs"],
    ] as const
  ) {
    assert.throws(
      () => checkFailurePolicy({ retry }),
      (error) =>
        error instanceof StoreError && error.code === "INVALID_INPUT" &&
        error.field === field,
    );
  }
  checkFailurePolicy({ retry: { minMs: 5, maxMs: 5 } });
});
