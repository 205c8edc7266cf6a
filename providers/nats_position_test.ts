import assert from "node:assert/strict";
import { test } from "node:test";
import { COMMIT_SIZE, firstAfter, toPosition } from "./nats_position.ts";

test("positions rise within a commit and from one to the next", () => {
  const positions = [[1, 1023], [1, 0], [2, 2], [2, 1], [2, 0], [3, 0]]
    .map(([sequence, behind]) => toPosition(sequence!, behind!));
  assert.deepEqual(positions, [1, 1024, 2046, 2047, 2048, 3072]);
});

test("after the last event of a commit reading goes on with the next", () => {
  assert.equal(firstAfter(0), 1);
  assert.equal(firstAfter(toPosition(1, 0)), 2);
  assert.equal(firstAfter(toPosition(2, 1)), 2);
  assert.equal(firstAfter(toPosition(2, COMMIT_SIZE - 1)), 2);
});
