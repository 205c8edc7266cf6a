import assert from "node:assert/strict";
import process from "node:process";
import { test, type TestContext } from "node:test";
import { report } from "./report.ts";

test("a failure is told to the application", () => {
  const told: unknown[] = [];
  const error = new Error("no connection");
  report((...args) => void told.push(args), error);
  assert.deepEqual(told, [[error, "", ""]]);
});

test("an onError that fails, at once or later, is told of by a warning", async (t: TestContext) => {
  const warnings: string[] = [];
  t.mock.method(process, "emitWarning", (text: string) => {
    warnings.push(text);
  });
  report(() => {
    throw "at once";
  }, new Error("no connection"));
  report(() => Promise.reject("later"), new Error("no connection"));
  await new Promise((resolve) => setTimeout(resolve));
  assert.deepEqual(warnings, [
    "Unhandled failure: at once",
    "Unhandled failure: later",
  ]);
});
