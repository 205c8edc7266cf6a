import assert from "node:assert/strict";
import { test } from "node:test";
import { natsUrl, openNats } from "../providers/support/nats.ts";

/** More than one answer of the server brings. */
const COMMITS = 700;

const url = natsUrl;
if (url !== undefined) {
  test("nats: the catalog of an empty log is empty", async (t) => {
    const { provider, drop } = await openNats(url);
    t.after(drop);
    assert.deepEqual(await provider.catalog.streams(), []);
    assert.deepEqual(await provider.catalog.bookmarks(), []);
    assert.deepEqual(await provider.catalog.commands(0, 1e9), []);
  });

  test("nats: commands are found by their first event, in parts of any length", async (t) => {
    const { provider, drop } = await openNats(url);
    t.after(drop);
    const ends: number[] = [];
    const starts: number[] = [];
    const happened = { type: "Happened" };
    for (let at = 0; at < COMMITS; at++) {
      const id = `id ${at % 7}`;
      const version = Math.floor(at / 7) * 2 + 1;
      const stored = await provider.append(
        "st.ream",
        id,
        version,
        provider.createEvents("st.ream", id, version, [happened, happened]),
        { commandId: `c${at}` },
      );
      starts.push(stored[0]!.position);
      ends.push(stored[1]!.position);
    }
    const { catalog } = provider;
    const ids = async (after: number, upTo: number) =>
      (await catalog.commands(after, upTo)).map(({ commandId }) => commandId);
    const named = (from: number, to: number) =>
      Array.from({ length: to - from }, (_, index) => `c${from + index}`);
    assert.deepEqual(await ids(0, ends.at(-1)!), named(0, COMMITS));
    assert.deepEqual(await ids(ends[9]!, ends[19]!), named(10, 20));
    // In the middle of a commit: its command began before.
    assert.deepEqual(await ids(starts[9]!, starts[19]!), named(10, 20));
    assert.deepEqual(await ids(starts[9]!, ends[9]!), []);
    assert.deepEqual(await ids(ends[8]!, starts[9]!), ["c9"]);
    assert.deepEqual(await catalog.commands(ends[699 - 1]!, ends[699]!), [{
      stream: "st.ream",
      aggregateId: "id 6",
      version: 199,
      commandId: "c699",
    }]);
    assert.deepEqual(await catalog.streams(), ["st.ream"]);
    await assert.rejects(catalog.commands("0", 1), {
      code: "INVALID_INPUT",
      field: "after",
    });
    await assert.rejects(catalog.commands(0, -1), { field: "upTo" });
  });
}
