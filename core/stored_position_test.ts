import assert from "node:assert/strict";
import { test } from "node:test";
import {
  isStoredPosition,
  needsSample,
  restorePosition,
  storePosition,
} from "./stored_position.ts";

/** A 64-bit integer as drivers have them. */
class Timestamp {
  value: bigint;
  constructor(value: bigint) {
    this.value = value;
  }
  equals(other: Timestamp) {
    return this.value === other.value;
  }
  toString() {
    return String(this.value);
  }
  static fromString(text: string, radix: number) {
    assert.equal(radix, 10);
    return new Timestamp(BigInt(text));
  }
}

test("storePosition() keeps every sort of position through JSON", () => {
  const start = new Timestamp(1n << 32n);
  const positions = [
    0,
    42,
    "9007199254740993",
    9007199254740993n,
    start,
    new Timestamp((1n << 64n) - 1n),
  ];
  for (const position of positions) {
    const stored = JSON.parse(JSON.stringify(storePosition(position)));
    assert(isStoredPosition(stored));
    assert.equal(needsSample(stored), position instanceof Timestamp);
    assert.deepEqual(restorePosition(stored, start), position);
  }
});

test("storePosition() refuses what would come back as another place", () => {
  const unreadable = { toString: () => "1" };
  class Rounded {
    value: number;
    constructor(value: number) {
      this.value = value;
    }
    equals(other: Rounded) {
      return this.value === other.value;
    }
    toString() {
      return this.value.toFixed();
    }
    static fromString(text: string) {
      return new Rounded(Number(text));
    }
  }
  for (const bad of [undefined, null, NaN, unreadable, new Rounded(1.5)]) {
    assert.equal(storePosition(bad), undefined);
  }
  assert.deepEqual(storePosition(new Rounded(2)), { text: "2" });
});

test("isStoredPosition() refuses anything else", () => {
  for (const bad of [undefined, null, true, {}, { text: 1 }, { bigint: 1 }]) {
    assert(!isStoredPosition(bad));
  }
});

test("it is stored again as what it was, and tells what needs a sample", () => {
  assert.deepEqual(storePosition(5n), { bigint: "5" });
  assert.equal(needsSample({ bigint: "5" }), false);
  assert.equal(restorePosition({ bigint: "5" }), 5n);
});
