import {
  createBookmark,
  createHandler,
  type HandlerOptions,
  MemoryBookmark,
  StoreError,
} from "evtstore";
import { createProvider } from "evtstore/provider/memory";
import assert from "node:assert/strict";
import { test } from "node:test";

const provider = createProvider();
const base = { bookmark: "model", streams: ["a"], provider };

test("versions that cannot be meant are refused by name", () => {
  const cases: HandlerOptions[] = [
    { version: 0 },
    { version: -1 },
    { version: 1.5 },
    { version: NaN },
    { version: Infinity },
    { version: "2" as unknown as number },
    { version: 2, tailStream: true },
    { version: 2, alwaysTailStream: true },
    { version: 2, exclusive: false },
  ];
  for (const options of cases) {
    assert.throws(
      () => createHandler({ ...base, ...options }),
      (error) =>
        error instanceof StoreError && error.code === "INVALID_INPUT" &&
        error.field === "version",
      JSON.stringify(options),
    );
  }
});

test("version 1 is a handler as without a number", () => {
  const cases: HandlerOptions[] = [
    { version: 1, tailStream: true },
    { version: 1, alwaysTailStream: true },
    { version: 1, exclusive: false },
  ];
  for (const options of cases) {
    assert.equal(createHandler({ ...base, ...options }).name, "model");
  }
});

test("a later version has a bookmark of its own", () => {
  const { name } = createHandler({ ...base, version: 12 });
  assert.equal(name, "model@version-12");
});

test("a name that leaves no room for the version is refused", () => {
  assert.throws(
    () => createHandler({ ...base, bookmark: "x".repeat(500), version: 2 }),
    { code: "INVALID_INPUT", field: "bookmark" },
  );
});

test("a version needs a bookmark that is a name, in a provider with records", async () => {
  const { records: _, ...without } = createProvider();
  for (const bookmark of [MemoryBookmark, createBookmark(provider, "model")]) {
    for (const version of [1, 2]) {
      assert.throws(
        () => createHandler({ ...base, bookmark, version }),
        { code: "INVALID_INPUT", field: "version" },
      );
    }
  }
  assert.throws(
    () => createHandler({ ...base, provider: without, version: 2 }),
    { code: "NOT_SUPPORTED", field: "version" },
  );
  const late = createHandler({
    ...base,
    provider: Promise.resolve(without),
    version: 2,
  });
  await assert.rejects(late.runOnce(), { code: "NOT_SUPPORTED" });
  await assert.rejects(late.status(), { code: "NOT_SUPPORTED" });
});
