import { createProvider } from "evtstore/provider/memory";
import assert from "node:assert/strict";
import { test } from "node:test";
import { createBookmark } from "./bookmark.ts";
import { StoreError } from "./errors.ts";
import { EventHandler } from "./event_handler.ts";

test("createBookmark() keeps a handler's place in another provider", async () => {
  const provider = createProvider();
  const places = createProvider();
  const events = provider.createEvents("a", "1", 1, [{ type: "Done" }]);
  await provider.append("a", "1", 1, events);
  for (
    const bookmark of [
      createBookmark(places, "model"),
      createBookmark(Promise.resolve(places), "other"),
    ]
  ) {
    const handler = new EventHandler({ bookmark, streams: ["a"], provider });
    assert.equal(await handler.runOnce(), 1);
    assert.equal(await places.getPosition(bookmark.name), 1);
    assert.equal(await provider.getPosition(bookmark.name), 0);
    assert.equal(await bookmark.setPosition(5, { from: 4 }), false);
  }
});

test("createBookmark() refuses a name that cannot be stored", () => {
  assert.throws(
    () => createBookmark(createProvider(), ""),
    (error) => error instanceof StoreError && error.field === "bookmark",
  );
});
