import { createProvider } from "evtstore/provider/memory";
import assert from "node:assert/strict";
import { test } from "node:test";
import { orderOf, positionAt, readOrder } from "./position_order.ts";
import { RequestError } from "./request_error.ts";

/** As MongoDB's. */
class Timestamp {
  readonly value: bigint;
  constructor(value: bigint) {
    this.value = value;
  }
  static fromString(text: string): Timestamp {
    return new Timestamp(BigInt(text));
  }
  toString(): string {
    return String(this.value);
  }
}

const provider = createProvider();

test("a position of any class is a number, and again what it was", () => {
  for (
    const position of [7, "7", 7n, new Timestamp(7n), new Timestamp(2n ** 63n)]
  ) {
    const order = orderOf(position, provider);
    assert.deepEqual(positionAt(order, position), position);
    const next = positionAt(order + 1n, position);
    assert.equal(typeof next, typeof position);
    assert.equal(orderOf(next, provider), order + 1n);
  }
});

test("positions that are no whole numbers are refused, with their provider", () => {
  for (const position of ["0-a", 1.5, "x", {}]) {
    assert.throws(
      () => orderOf(position, provider),
      (error: RequestError) =>
        error.status === 501 && error.message.includes('"memory"'),
    );
  }
});

test("what a request names is a whole number", () => {
  assert.equal(readOrder("18446744073709551615"), 2n ** 64n - 1n);
  for (const text of ["", "-1", "1.5", "0x10", " 1", "1".repeat(21)]) {
    assert.throws(() => readOrder(text), RequestError);
  }
});
