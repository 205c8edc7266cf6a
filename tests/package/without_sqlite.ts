// Run against the package by `deno task check:npm`, on a runtime that has no
// node:sqlite.
import assert from "node:assert/strict";
import { test } from "node:test";
import { StoreError } from "evtstore";
import { createProvider, migrate } from "evtstore/provider/sqlite";

const refusal = (error: unknown): boolean =>
  error instanceof StoreError && error.code === "RUNTIME_UNSUPPORTED" &&
  /use Node 22/.test(error.message);

test("the SQLite provider says which runtimes have SQLite", async () => {
  await assert.rejects(async () => await migrate({ path: "x.db" }), refusal);
  await assert.rejects(async () => {
    const provider = createProvider({ path: "x.db" });
    await provider.getEventsFor("accounts", "ada");
  }, refusal);
});
