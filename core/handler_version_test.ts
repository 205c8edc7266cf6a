import { createProvider } from "evtstore/provider/memory";
import assert from "node:assert/strict";
import { test } from "node:test";
import { BOOKMARK_RECORD, liveVersionKey } from "./bookmark_records.ts";
import { HandlerVersion } from "./handler_version.ts";
import { bookmarkOf, takeOverPlaceOf } from "./version_names.ts";
import type { LiveVersion } from "./version_record.ts";

/** Version 2 of a handler, which has taken over at 2 and stands at 3. */
async function setUp(value: LiveVersion) {
  const provider = createProvider();
  const { records } = provider;
  const types = Array.from({ length: 4 }, () => ({ type: "Done" }));
  await provider.append("a", "x", 1, provider.createEvents("a", "x", 1, types));
  await provider.setPosition(bookmarkOf("model", 1), 2);
  await provider.setPosition(bookmarkOf("model", 2), 3);
  await provider.setPosition(takeOverPlaceOf("model", 2), 2);
  await records.put(BOOKMARK_RECORD, liveVersionKey("model"), value, {
    revision: 0,
  });
  const limits: unknown[] = [];
  const { getEventsFor } = provider;
  provider.getEventsFor = (...args) => {
    limits.push(args[3]?.limit);
    return getEventsFor(...args);
  };
  const version = new HandlerVersion(provider, records, ["a"], {
    name: "model",
    version: 2,
  });
  return { version, limits, provider };
}

test("what is replayed was live from the take-over on, or from where it stands before", async () => {
  const cases: [LiveVersion, number][] = [
    [{ live: 1, open: [] }, 4],
    [{ live: 2, open: [1] }, 4],
    [{ live: 2, open: [] }, 3],
    [{ live: 3, open: [] }, 3],
  ];
  for (const [value, expected] of cases) {
    const { version, limits } = await setUp(value);
    assert.equal(await version.firstLive("a", "x"), expected);
    assert.equal(await version.firstLive("a", "y"), Infinity);
    assert.deepEqual(limits, [1, 1], "it asks for no more than it needs");
  }
});

test("a version that a later one has taken over from is refused", async () => {
  const { version } = await setUp({ live: 3, open: [2] });
  await assert.rejects(version.refresh(1), {
    code: "HANDLER_RETIRED",
    bookmark: "model@version-2",
  });
});

test("what has become another version's to say is not counted", async () => {
  const { version, provider } = await setUp({ live: 1, open: [] });
  await version.refresh(1);
  const events = await provider.getEventsFrom("a", 0);
  const page = { from: 0, events };
  assert.equal(await version.countHandled(page), 2);
  const value = { live: 2, open: [1] };
  assert(await version.record.write(value, 1));
  assert.equal(await version.countHandled(page), undefined);
  assert.equal(await version.countHandled(page), 2);
  assert.deepEqual(version.known, { value, revision: 2 });
});
