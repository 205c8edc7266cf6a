import assert from "node:assert/strict";
import { test } from "node:test";
import { recordKey } from "./record_key.ts";
import { listAll, type Records } from "./records.ts";

/** A list of so many records, which is asked for in pages. */
async function listed(count: number) {
  const keys = Array.from({ length: count }, (_, index) => `${10_000 + index}`);
  const asked: unknown[] = [];
  const list: Records["list"] = (kind, { after = "", limit } = {}) => {
    asked.push(after);
    const page = keys.filter((key) => key > after).slice(0, limit);
    return Promise.resolve(
      page.map((key) => ({ kind, key, value: key, revision: 1 })),
    );
  };
  const found = await listAll({ list } as Records, "kind");
  assert.deepEqual([...found.keys()], keys);
  return asked;
}

test("all records are listed, page by page", async () => {
  assert.deepEqual(await listed(0), [""]);
  assert.deepEqual(await listed(999), [""]);
  assert.deepEqual(await listed(1000), ["", "10999"]);
  assert.deepEqual(await listed(2001), ["", "10999", "11999"]);
});

test("a name is its own key, unless it is too long or looks like a digest", () => {
  const fits = "x".repeat(170);
  assert.equal(recordKey(fits), fits);
  assert.equal(recordKey("ends with sha256:"), "ends with sha256:");
  const hashed = recordKey(`${fits}x`);
  assert.match(hashed, /^sha256:[0-9a-f]{64}$/);
  assert.notEqual(recordKey(hashed), hashed);
  assert.notEqual(recordKey(`${fits}y`), hashed);
});
