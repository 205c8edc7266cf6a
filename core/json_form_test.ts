import fc from "fast-check";
import assert from "node:assert/strict";
import { test } from "node:test";
import { whatJsonLoses, whereJsonDiffers } from "./json_form.ts";

const anything = fc.anything({
  withBigInt: true,
  withDate: true,
  withMap: true,
  withSet: true,
  withSparseArray: true,
  withTypedArray: true,
  withNullPrototype: true,
  withBoxedValues: true,
});

test("what whatJsonLoses() lets pass comes back equal", () => {
  let passed = 0;
  fc.assert(
    fc.property(fc.oneof(anything, fc.object()), (value) => {
      if (whatJsonLoses(value) !== undefined) return;
      passed++;
      const back = JSON.parse(JSON.stringify(value));
      assert.equal(whereJsonDiffers(value, back), undefined);
      // Apart from what is undefined, and the sign of 0.
      assert.deepEqual(back, simplify(value));
    }),
    { numRuns: 1000 },
  );
  assert(passed > 50, String(passed));
});

test("whatJsonLoses() passes whatever JSON can write", () => {
  fc.assert(fc.property(fc.json(), (text) => {
    assert.equal(whatJsonLoses(JSON.parse(text)), undefined);
  }));
});

test("whatJsonLoses() names the place and the reason", () => {
  const cyclic: any = { list: [{}] };
  cyclic.list[0].back = cyclic;
  class Money {}
  const losses: [unknown, string][] = [
    [{ a: [1, { b: new Date(0) }] }, ".a[1].b is a Date"],
    [{ price: new Money() }, ".price is a Money"],
    [{ total: Infinity }, ".total is Infinity"],
    [{ byId: Object.create(null) }, ".byId has no prototype"],
    [cyclic, ".list[0].back contains itself"],
    // deno-lint-ignore no-sparse-arrays -- that is what is refused.
    [{ list: [1, , 3] }, ".list has holes"],
    [{ list: [undefined] }, ".list[0] is a value of type undefined"],
    [{ [Symbol("a")]: 1 }, "it has a symbol for the name of a property"],
    [{ at: { toJSON: () => 1 } }, ".at has toJSON()"],
    [1n, "it is a value of type bigint"],
  ];
  for (const [value, loss] of losses) assert.equal(whatJsonLoses(value), loss);
  const shared = { same: 1 };
  assert.equal(whatJsonLoses([shared, shared, { gone: undefined }]), undefined);
});

test("whereJsonDiffers() finds the first place, whatever the order of properties", () => {
  const same = { a: 1, b: [{ c: null }], gone: undefined };
  assert.equal(whereJsonDiffers(same, { b: [{ c: null }], a: 1 }), undefined);
  assert.equal(whereJsonDiffers(same, { a: 1, b: [{ c: 0 }] }), ".b[0].c");
  assert.equal(whereJsonDiffers(same, { a: 1, b: [{ c: null }, 1] }), ".b[1]");
  assert.equal(whereJsonDiffers(same, { a: 1, b: { 0: { c: null } } }), ".b");
  assert.equal(whereJsonDiffers({}, { more: 1 }), ".more");
  assert.equal(
    whereJsonDiffers({}, JSON.parse('{"__proto__":{}}')),
    ".__proto__",
  );
  assert.equal(whereJsonDiffers(1, "1"), "");
});

function simplify(value: unknown): unknown {
  if (value === 0) return 0;
  if (typeof value !== "object" || value === null) return value;
  if (Array.isArray(value)) return value.map(simplify);
  return Object.fromEntries(
    Object.entries(value)
      .filter(([, item]) => item !== undefined)
      .map(([key, item]) => [key, simplify(item)]),
  );
}

test("whereJsonDiffers() tells null from an object, on either side", () => {
  for (const other of [{}, [], 0]) {
    assert.equal(whereJsonDiffers({ a: null }, { a: other }), ".a");
    assert.equal(whereJsonDiffers({ a: other }, { a: null }), ".a");
  }
  assert.equal(whereJsonDiffers({ a: null }, { a: null }), undefined);
});

test("whatJsonLoses() refuses what is too deep to be stored", () => {
  const nested = (levels: number): unknown =>
    levels === 0 ? 1 : { in: nested(levels - 1) };
  assert.equal(whatJsonLoses(nested(500)), undefined);
  assert.match(whatJsonLoses(nested(501))!, /is 500 levels deep$/);
});
