import assert from "node:assert/strict";
import { test } from "node:test";
import { type StoreEvent, toMeta } from "./event.ts";

test("toMeta() gives where and when an event was stored, and what is known beside it", () => {
  const place = { stream: "a", aggregateId: "x", version: 2, position: 7 };
  const stored: StoreEvent<any> = {
    ...{ ...place, timestamp: new Date(5) },
    event: { type: "Done" },
  };
  assert.deepEqual(toMeta(stored), { ...place, timestamp: new Date(5) });
  assert.deepEqual(
    toMeta({ ...stored, timestamp: "1970-01-01T00:00:00.005Z" as any }, true),
    { ...place, timestamp: new Date(5), replay: true },
  );
  const metadata = { userId: "ada" };
  assert.deepEqual(toMeta({ ...stored, metadata }).metadata, metadata);
});
