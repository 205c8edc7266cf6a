import { createProvider } from "evtstore/provider/memory";
import assert from "node:assert/strict";
import { test } from "node:test";
import { BOOKMARK_RECORD, slicedKey } from "./bookmark_records.ts";
import {
  isKeptInSlices,
  keepInSlices,
  keptInSlices,
} from "./sliced_bookmark.ts";
import { sliceBookmark } from "./slices.ts";

test("every slice begins where the whole stood, and that is said once", async () => {
  const provider = createProvider();
  await provider.setPosition("model", 7);
  // A try before this one has left something.
  await provider.setPosition(sliceBookmark("model", 3), 2);
  assert.equal(await isKeptInSlices(provider.records, "model"), false);
  await keepInSlices(provider, "model", ["a"], false);
  assert.equal(await isKeptInSlices(provider.records, "model"), true);
  for (const slice of [0, 3, 63]) {
    assert.equal(await provider.getPosition(sliceBookmark("model", slice)), 7);
  }
  // From then on they move by themselves.
  await provider.setPosition(sliceBookmark("model", 3), 9);
  await keepInSlices(provider, "model", ["a"], false);
  assert.equal(await provider.getPosition(sliceBookmark("model", 3)), 9);
});

test("what the store holds tells whose slices they are, and so does a refusal", async () => {
  const provider = createProvider();
  await keepInSlices(provider, "model", ["a"], false);
  const key = slicedKey("model");
  const record = await provider.records.get(BOOKMARK_RECORD, key);
  assert.deepEqual(record!.value, { bookmark: "model", slices: 64 });
  const { code, bookmark } = keptInSlices("model");
  assert.deepEqual([code, bookmark], ["HANDLER_SHARDED", "model"]);
});

test("who is late moves no slice that others work on", async () => {
  const provider = createProvider();
  await provider.setPosition("model", 7);
  const late = { ...provider, records: provider.records };
  const first = sliceBookmark("model", 0);
  late.getPosition = async (bookmark) => {
    const position = await provider.getPosition(bookmark);
    if (bookmark === first) {
      late.getPosition = provider.getPosition;
      // Another process begins, and has handled two events.
      await keepInSlices(provider, "model", ["a"], false);
      await provider.setPosition(first, 9);
    }
    return position;
  };
  await keepInSlices(late, "model", ["a"], false);
  assert.equal(await provider.getPosition(first), 9);
});

test("what others have moved meanwhile is tried again, and given up at last", async () => {
  const provider = createProvider();
  await provider.setPosition("model", 7);
  const { setPosition } = provider;
  let [tries, lost] = [0, 2];
  provider.setPosition = async (bookmark, ...given) => {
    if (bookmark === sliceBookmark("model", 0)) {
      tries++;
      if (lost-- > 0) return false;
    }
    return await setPosition(bookmark, ...given);
  };
  await keepInSlices(provider, "model", ["a"], false);
  assert.equal(tries, 3);
  assert.equal(await isKeptInSlices(provider.records, "model"), true);

  [tries, lost] = [0, Infinity];
  await provider.setPosition("other", 7);
  provider.setPosition = async () => {
    tries++;
    return await Promise.resolve(false);
  };
  await assert.rejects(keepInSlices(provider, "other", ["a"], false), {
    code: "BOOKMARK_MOVED",
    bookmark: "other",
  });
  assert.equal(tries, 5 * 64);
  assert.equal(await isKeptInSlices(provider.records, "other"), false);
});

test("who writes the record first has it, and the others go on from it", async () => {
  const provider = createProvider();
  const put = provider.records.put.bind(provider.records);
  let puts = 0;
  provider.records.put = async (...given) => {
    puts++;
    await put(...given);
    // Another process did the same a moment before.
    return false;
  };
  await keepInSlices(provider, "model", ["a"], false);
  assert.equal(puts, 1);
});
