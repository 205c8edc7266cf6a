import assert from "node:assert/strict";
import { test } from "node:test";
import { copyPlainData } from "./copy.ts";

test("copyPlainData() copies objects, arrays, maps, sets and dates", () => {
  const original = {
    text: "a",
    nothing: null,
    missing: undefined,
    list: [1, { deep: true }],
    map: new Map<unknown, unknown>([["key", { value: 1 }]]),
    set: new Set([1]),
    date: new Date(5),
    bare: Object.assign(Object.create(null), { own: 1 }),
  };
  const copied = copyPlainData(original)!;
  assert.deepEqual(copied, original);
  (copied.list[1] as { deep: boolean }).deep = false;
  (copied.map.get("key") as { value: number }).value = 2;
  copied.set.add(2);
  copied.date.setTime(6);
  copied.bare.own = 2;
  assert.deepEqual(original.list, [1, { deep: true }]);
  assert.deepEqual(original.map.get("key"), { value: 1 });
  assert.equal(original.set.size, 1);
  assert.equal(original.date.getTime(), 5);
  assert.equal(original.bare.own, 1);
});

test("copyPlainData() keeps what is shared, and cycles", () => {
  const shared = { value: 1 };
  const original: Record<string, unknown> = { first: shared, second: shared };
  original.self = original;
  const copied = copyPlainData(original)!;
  assert.equal(copied.first, copied.second);
  assert.equal(copied.self, copied);
  assert.notEqual(copied.first, shared);
});

test("copyPlainData() copies a property called __proto__", () => {
  const original = JSON.parse('{ "__proto__": { "admin": true } }');
  const copied = copyPlainData(original);
  assert.deepEqual(Object.keys(copied), ["__proto__"]);
  assert.equal(copied.admin, undefined);
  assert.deepEqual(Object.getOwnPropertyDescriptor(copied, "__proto__"), {
    value: { admin: true },
    ...{ configurable: true, enumerable: true, writable: true },
  });
});

test("copyPlainData() does not copy what has hidden parts", () => {
  class Money {
    #cents = 1;
    get cents() {
      return this.#cents;
    }
  }
  class Names extends Map {}
  assert.equal(copyPlainData({ money: new Money() }), undefined);
  assert.equal(copyPlainData({ names: new Names() }), undefined);
  assert.equal(copyPlainData([() => 1]), undefined);
  assert.equal(copyPlainData(new Map([["key", new Money()]])), undefined);
  assert.equal(copyPlainData(new Set([new Money()])), undefined);
});

test("copyPlainData() passes on what a getter throws", () => {
  const original = {
    get broken(): never {
      throw new RangeError("broken");
    },
  };
  assert.throws(() => copyPlainData(original), RangeError);
});
