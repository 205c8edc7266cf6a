import fc from "fast-check";
import assert from "node:assert/strict";
import { test } from "node:test";
import { StoreError } from "./errors.ts";
import {
  checkEvent,
  checkJson,
  checkName,
  MAX_DEPTH,
  MAX_NAME_BYTES,
} from "./validation.ts";

function refused(field: string, message: string) {
  return (error: unknown) => {
    assert(error instanceof StoreError);
    assert.equal(error.code, "INVALID_INPUT");
    assert.equal(error.message, message);
    assert.equal(error.field, field);
    return true;
  };
}

test("checkName() takes what every database can store", () => {
  for (const name of ["a", " ", "it's", '"', "`", "__proto__", "ünï", "😀"]) {
    checkName("id", name);
  }
  checkName("id", "x".repeat(MAX_NAME_BYTES));
  checkName("id", "é".repeat(MAX_NAME_BYTES / 2));
});

test("checkName() refuses what a database could not store as it is", () => {
  const cases: [unknown, string][] = [
    ["", "Expected id to be a string that is not empty"],
    [undefined, "Expected id to be a string: got undefined"],
    [7, "Expected id to be a string: got 7"],
    [null, "Expected id to be a string: got null"],
    [{}, "Expected id to be a string: got an object"],
    [[], "Expected id to be a string: got an array"],
    [() => 1, "Expected id to be a string: got a function"],
    ["a\0b", "Expected id to have no NUL character"],
    [
      "a\ud800",
      "Expected id to be well-formed Unicode: it has a lone surrogate",
    ],
    [
      "x".repeat(MAX_NAME_BYTES + 1),
      "Expected id to have at most 512 bytes of UTF-8: it has 513",
    ],
    [
      "é".repeat(MAX_NAME_BYTES / 2 + 1),
      "Expected id to have at most 512 bytes of UTF-8: it has 514",
    ],
  ];
  for (const [value, message] of cases) {
    assert.throws(() => checkName("id", value), refused("id", message));
  }
});

test("checkEvent() refuses what is not an event", () => {
  const cases: [unknown, string, string][] = [
    [null, "event", "Expected event to be an event: got null"],
    ["text", "event", 'Expected event to be an event: got "text"'],
    [[], "event", "Expected event to be an event: got an array"],
    [
      {},
      "event.type",
      "Expected event.type to be a string that is not empty: got undefined",
    ],
    [
      { type: "" },
      "event.type",
      'Expected event.type to be a string that is not empty: got ""',
    ],
    [
      { type: 5 },
      "event.type",
      "Expected event.type to be a string that is not empty: got 5",
    ],
  ];
  for (const [event, field, message] of cases) {
    assert.throws(() => checkEvent("event", event), refused(field, message));
  }
});

test("checkJson() refuses what JSON would drop, change or fail on", () => {
  const cycle: Record<string, unknown> = {};
  cycle.self = cycle;
  const cases: [unknown, string, string][] = [
    [
      { cents: 1n },
      "event.cents",
      "it is a BigInt; store it as text or as a number",
    ],
    [{ cents: NaN }, "event.cents", "NaN would be read back as null"],
    [[Infinity], "event[0]", "Infinity would be read back as null"],
    [{ act: () => 1 }, "event.act", "it is a function"],
    [{ mark: Symbol("x") }, "event.mark", "it is a symbol"],
    [cycle, "event.self", "it contains itself"],
    [
      { names: new Map() },
      "event.names",
      "it is a Map; store it as an array or as text",
    ],
    [new Set(), "event", "it is a Set; store it as an array or as text"],
    [
      { bytes: new Uint8Array(1) },
      "event.bytes",
      "it is a Uint8Array; store it as an array or as text",
    ],
    [
      new ArrayBuffer(1),
      "event",
      "it is a ArrayBuffer; store it as an array or as text",
    ],
    [
      { rate: Promise.resolve(7) },
      "event.rate",
      "it is a Promise; await it first",
    ],
    [
      { list: [1, undefined] },
      "event.list[1]",
      "undefined would be read back as null",
    ],
  ];
  for (const [value, field, reason] of cases) {
    assert.throws(
      () => checkJson("event", value),
      refused(field, `JSON cannot hold ${field}: ${reason}`),
    );
  }
});

test("checkJson() bounds the nesting, and shortens its path", () => {
  const nest = (levels: number) => {
    let value: unknown = 1;
    for (let level = 0; level < levels; level++) value = { a: value };
    return value;
  };
  checkJson("event", nest(MAX_DEPTH));
  assert.throws(
    () => checkJson("event", nest(MAX_DEPTH + 1)),
    refused(
      `event${".a".repeat(11)}…`,
      `JSON cannot hold event${".a".repeat(11)}…: it has more than 500 levels`,
    ),
  );
  assert.throws(() => checkJson("event", nest(100_000)), StoreError);
});

test("checkJson() takes what is shared, absent, or has toJSON", () => {
  const shared = { value: 1 };
  checkJson("event", { first: shared, second: [shared, shared] });
  checkJson("event", { missing: undefined });
  checkJson("event", { at: new Date(0), price: { toJSON: () => "1.00" } });
  assert.throws(() => checkJson("event", { toJSON: () => NaN }), StoreError);
});

test("checkJson() takes every value that JSON gives back as it was", () => {
  fc.assert(fc.property(fc.jsonValue(), (value) => {
    checkJson("event", value);
  }));
});

test("checkJson() refuses or keeps anything at all", () => {
  fc.assert(
    fc.property(
      fc.anything({ withBigInt: true, withMap: true, withSet: true }),
      (value) => {
        try {
          checkJson("value", { value });
        } catch (error) {
          assert(error instanceof StoreError);
          return;
        }
        const text = JSON.stringify({ value });
        assert.equal(JSON.stringify(JSON.parse(text)), text);
      },
    ),
  );
});
