import assert from "node:assert/strict";
import { test } from "node:test";
import { isOfParked, liveVersionKey, prefixOf } from "./bookmark_records.ts";

test("the record of the live version stands behind all that is parked", () => {
  const live = liveVersionKey("model");
  const parked = `${prefixOf("model")}${"f".repeat(64)}-0001`;
  assert(parked < live);
  assert(live.startsWith(prefixOf("model")));
  assert.equal(isOfParked(live), false);
  assert.equal(isOfParked(parked), true);
  assert.notEqual(prefixOf("model"), prefixOf("model2"));
});
