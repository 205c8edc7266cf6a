import fc from "fast-check";
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { test } from "node:test";
import { digest } from "./digest.ts";

test("digest() is SHA-256", () => {
  assert.equal(
    digest(""),
    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
  );
  const texts = fc.string({ unit: "binary", maxLength: 300 });
  fc.assert(fc.property(texts, (text) => {
    const expected = createHash("sha256").update(text, "utf8").digest("hex");
    assert.equal(digest(text), expected);
  }));
  for (const length of [55, 56, 63, 64, 65, 119, 120, 10_000]) {
    const text = "x".repeat(length);
    const expected = createHash("sha256").update(text).digest("hex");
    assert.equal(digest(text), expected);
  }
});
