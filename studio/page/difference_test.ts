import assert from "node:assert/strict";
import { test } from "node:test";
import { differences } from "./difference.ts";

test("what is equal has no difference", () => {
  assert.deepEqual(
    differences({ a: [1, { b: null }] }, { a: [1, { b: null }] }),
    [],
  );
});

test("each place is named with what it was and has become", () => {
  const before = { owner: "Ada", cents: 5, lines: [{ n: 1 }, { n: 2 }] };
  const after = { cents: 7, lines: [{ n: 1 }], "a b": true };
  assert.deepEqual(differences(before, after), [
    { path: "cents", kind: "changed", before: 5, after: 7 },
    { path: "lines[1]", kind: "removed", before: { n: 2 } },
    { path: '["a b"]', kind: "added", after: true },
    { path: "owner", kind: "removed", before: "Ada" },
  ]);
});

test("a value of another sort is one change", () => {
  assert.deepEqual(differences({ a: [] }, { a: {} }), [
    { path: "a", kind: "changed", before: [], after: {} },
  ]);
  assert.deepEqual(differences(undefined, { a: 1 }), [
    { path: "", kind: "added", after: { a: 1 } },
  ]);
});

test("what every object inherits is no property", () => {
  assert.deepEqual(
    differences({}, JSON.parse('{"__proto__": 1, "constructor": 2}')),
    [
      { path: "__proto__", kind: "added", after: 1 },
      { path: "constructor", kind: "added", after: 2 },
    ],
  );
});
