import assert from "node:assert/strict";
import { test } from "node:test";
import { isSamePosition } from "./position.ts";

class Timestamp {
  constructor(low: number, high: number) {
    this.low = low;
    this.high = high;
  }
  low: number;
  high: number;
  equals(other: Timestamp) {
    return this.low === other.low && this.high === other.high;
  }
}

test("isSamePosition() compares each sort of position", () => {
  assert(isSamePosition(1, 1));
  assert(!isSamePosition(1, 2));
  assert(isSamePosition(1n, 1n));
  assert(isSamePosition("2026-01-01", "2026-01-01"));
  assert(isSamePosition(new Timestamp(1, 2), new Timestamp(1, 2)));
  assert(!isSamePosition(new Timestamp(1, 2), new Timestamp(2, 1)));
  assert(isSamePosition({ at: 1 }, { at: 1 }));
  assert(!isSamePosition({ at: 1 }, { at: 2 }));
});

test("isSamePosition() takes a bigint column as text or as a number", () => {
  assert(isSamePosition("12", 12));
  assert(isSamePosition(12n, 12));
  assert(!isSamePosition("12", 13));
  assert(!isSamePosition("12", "012"));
});

test("isSamePosition() tells a position from none", () => {
  assert(isSamePosition(undefined, undefined));
  assert(!isSamePosition(undefined, 0));
  assert(!isSamePosition(null, 0));
  assert(!isSamePosition(new Timestamp(0, 0), undefined));
  assert(!isSamePosition(new Timestamp(0, 0), null));
});
