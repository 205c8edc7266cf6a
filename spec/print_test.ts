import assert from "node:assert/strict";
import { test } from "node:test";
import { differenceOf } from "./difference.ts";
import { print } from "./print.ts";

test("print() gives equal values the same text, whatever the order of properties", () => {
  assert.equal(
    print({ b: 1, type: "A", a: undefined }),
    print({ type: "A", b: 1 }),
  );
  assert.equal(print({ b: 1, type: "A" }), '{ type: "A", b: 1 }');
});

test("print() tells different values apart", () => {
  class Point {
    x = 1;
  }
  const values: unknown[] = [
    ...[0, -0, NaN, 1n, 1, "1", true, "true", null, undefined, "null"],
    ...[[], {}, [1], [[1]], { 0: 1 }, [undefined], { x: 1 }, new Point()],
    ...[new Date(0), new Date(NaN), "Date(invalid)", /a/, /a/g, Symbol("a")],
    ...[new Set([1]), new Set(), new Map(), new Map([[1, 2]])],
    ...[new Error("a"), new Error("b"), new TypeError("a"), () => {}],
    ...["a\nb", "a\\nb", { "a b": 1 }, { a: { b: 1 } }, { a: "{ b: 1 }" }],
  ];
  const texts = values.map(print);
  assert.equal(new Set(texts).size, values.length, texts.join("\n"));
});

test("print() ends where a value contains itself", () => {
  const value: { self?: unknown } = {};
  value.self = value;
  assert.equal(print(value), "{ self: [Circular] }");
});

test("print() breaks what does not fit into lines", () => {
  const long = "x".repeat(60);
  assert.equal(
    print({ type: "A", nested: { text: long, list: [1, 2] } }),
    `{
  type: "A",
  nested: {
    list: [1, 2],
    text: "${long}",
  },
}`,
  );
});

test("differenceOf() keeps the lines that are common", () => {
  const before = [{ n: 1 }, { n: 2 }, { n: 3 }, { n: 4 }];
  const after = [{ n: 0 }, { n: 1 }, { n: 3 }, { n: 5 }, { n: 4 }];
  assert.equal(
    differenceOf(after, before),
    `  [
+   { n: 0 },
    { n: 1 },
-   { n: 2 },
    { n: 3 },
+   { n: 5 },
    { n: 4 },
  ]`,
  );
  assert.equal(differenceOf(before, structuredClone(before)), undefined);
});

test("differenceOf() is quick for values of many lines", () => {
  const many = (first: number) =>
    Array.from({ length: 20_000 }, (_, index) => ({ n: first + index }));
  const difference = differenceOf(many(0), many(50_000))!;
  assert.equal(difference.split("\n").length, 40_002);
});
