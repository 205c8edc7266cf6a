import assert from "node:assert/strict";
import { test } from "node:test";
import type { StudioParked } from "../api.ts";
import { groupParked } from "./parked_groups.ts";

function parked(
  bookmark: string,
  aggregateId: string,
  message: string | undefined,
): StudioParked {
  return {
    bookmark,
    stream: "orders",
    aggregateId,
    version: 1,
    lastVersion: 1,
    failures: 1,
    at: "2026-11-30T00:00:00.000Z",
    ...message !== undefined && { error: { name: "Error", message } },
    canRetry: true,
  };
}

test("what failed at the same stands together, the most frequent first", () => {
  const groups = groupParked([
    parked("mails", "a", "down"),
    parked("invoices", "a", "no tax"),
    parked("invoices", "b", "down"),
    parked("invoices", "c", "no tax"),
    parked("invoices", "d", undefined),
  ]);
  assert.deepEqual(
    groups.map(({ bookmark, error, members }) => [
      bookmark,
      error?.message,
      members.map(({ aggregateId }) => aggregateId).join(""),
    ]),
    [
      ["invoices", "no tax", "ac"],
      ["mails", "down", "a"],
      ["invoices", "down", "b"],
      ["invoices", undefined, "d"],
    ],
  );
  assert.equal(new Set(groups.map(({ key }) => key)).size, 4);
});
