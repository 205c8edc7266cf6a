import assert from "node:assert/strict";
import { test } from "node:test";
import { toValueKey } from "./sealed_value.ts";

test("a key that is held does not show its bytes", async () => {
  const key = await toValueKey(new Uint8Array(32)) as CryptoKey;
  assert.equal(key.extractable, false);
  await assert.rejects(crypto.subtle.exportKey("raw", key));
});
