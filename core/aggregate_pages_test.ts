import { createProvider } from "evtstore/provider/memory";
import assert from "node:assert/strict";
import { test } from "node:test";
import { readPages } from "./aggregate_pages.ts";

test("an aggregate is read page by page, each behind the one before", async () => {
  const provider = createProvider({ limit: 3 });
  const events = Array.from({ length: 7 }, () => ({ type: "Done" }));
  await provider.append(
    "a",
    "x",
    1,
    provider.createEvents("a", "x", 1, events),
  );
  const versionsFrom = async (position: unknown) => {
    const pages: number[][] = [];
    for await (const page of readPages(provider, "a", "x", position, {})) {
      pages.push(page.map(({ version }) => version));
    }
    return pages;
  };
  assert.deepEqual(await versionsFrom(undefined), [[1, 2, 3], [4, 5, 6], [7]]);
  assert.deepEqual(await versionsFrom(1), [[2, 3, 4], [5, 6, 7], []]);
});
