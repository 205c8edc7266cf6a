import { createProvider } from "evtstore/provider/memory";
import assert from "node:assert/strict";
import { test } from "node:test";
import {
  BOOKMARK_RECORD,
  liveVersionKey,
  slicedKey,
} from "./bookmark_records.ts";
import { listParked } from "./parked_records.ts";

test("what is parked of every bookmark is listed, the oldest first", async () => {
  const provider = createProvider();
  const put = (key: string, value: unknown) =>
    provider.records.put(BOOKMARK_RECORD, key, value, { revision: 0 });
  const parked = (bookmark: string, at: number, lastVersion = 3) => ({
    ...{ bookmark, at, version: 3, lastVersion },
  });
  await put("one", parked("mails", 20));
  await put("two", parked("balances", 10, 5));
  // It was replayed, and its record is still to be removed.
  await put("three", parked("balances", 5, 2));
  await put(liveVersionKey("mails"), parked("mails", 1));
  await put(slicedKey("mails"), parked("mails", 2));
  assert.deepEqual(
    (await listParked(provider)).map(({ bookmark }) => bookmark),
    ["balances", "mails"],
  );
});

test("without records nothing is parked", async () => {
  const { records: _, ...provider } = createProvider();
  assert.deepEqual(await listParked(provider), []);
});
