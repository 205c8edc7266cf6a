import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { test } from "node:test";
import { compareBytes } from "./byte_order.ts";

test("texts are compared by their bytes, as databases do", () => {
  const texts = ["", "A", "Z", "a", "aa", "ab", "b", "é", "\uFFFD", "😀"];
  for (const left of texts) {
    for (const right of texts) {
      const expected = Buffer.compare(Buffer.from(left), Buffer.from(right));
      assert.equal(
        Math.sign(compareBytes(left, right)),
        expected,
        `${left} and ${right}`,
      );
    }
  }
});
