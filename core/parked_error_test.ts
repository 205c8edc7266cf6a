import assert from "node:assert/strict";
import { test } from "node:test";
import { describeFailure } from "./parked_error.ts";

test("of an error its name, message, code and stack are kept", () => {
  const error = Object.assign(new RangeError("too many"), { code: "E1" });
  const { stack, ...rest } = describeFailure(error);
  assert.deepEqual(rest, {
    name: "RangeError",
    message: "too many",
    code: "E1",
  });
  assert.match(stack!, /parked_error_test/);
  const numbered = Object.assign(new Error("no"), { code: 1205 });
  assert.equal(describeFailure(numbered).code, "1205");
});

test("what is no error is kept by its type, and as text", () => {
  const cyclic: { self?: unknown } = {};
  cyclic.self = cyclic;
  const thrown: [unknown, string, string][] = [
    ["no stock", "string", "no stock"],
    [42, "number", "42"],
    [undefined, "undefined", "undefined"],
    [null, "object", "null"],
    [Symbol("s"), "symbol", "Symbol(s)"],
    [{ reason: "no stock" }, "object", '{"reason":"no stock"}'],
    [cyclic, "object", ""],
    [{ toJSON: () => undefined }, "object", ""],
  ];
  for (const [reason, name, message] of thrown) {
    assert.deepEqual(describeFailure(reason), { name, message });
  }
  assert.equal(describeFailure({ code: "E1" }).code, "E1");
  assert.equal(describeFailure({ stack: "not one" }).stack, undefined);
});

test("an error that cannot be read is kept all the same", () => {
  const hostile = Object.defineProperties(new Error("hidden"), {
    message: { get: () => assert.fail("cannot be read") },
    name: { value: { not: "a text" } },
    stack: { value: undefined },
  });
  assert.deepEqual(describeFailure(hostile), { name: "object", message: "" });
});

test("texts are shortened, and are what every database takes", () => {
  const error = new Error(`\0half \uD800${"x".repeat(2_000)}`);
  error.stack = "s".repeat(5_000);
  const { message, stack } = describeFailure(error);
  assert.equal(message.length, 1_000);
  assert(message.startsWith("\uFFFDhalf \uFFFDx"));
  assert.equal(stack!.length, 4_000);
});
