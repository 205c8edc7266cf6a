import assert from "node:assert/strict";
import process from "node:process";
import { test, type TestContext } from "node:test";
import { chromiumIfThere } from "./chromium.ts";

function setPath(t: TestContext, path: string): void {
  const before = process.env["CHROMIUM_PATH"];
  process.env["CHROMIUM_PATH"] = path;
  t.after(() => {
    if (before === undefined) delete process.env["CHROMIUM_PATH"];
    else process.env["CHROMIUM_PATH"] = before;
  });
}

test("the program that CHROMIUM_PATH names is taken", async (t) => {
  setPath(t, process.execPath);
  assert.equal(await chromiumIfThere(assert.fail), process.execPath);
});

test("a name of no file is said in a line, and is no program", async (t) => {
  setPath(t, "/nowhere/chromium");
  const said: string[] = [];
  const found = await chromiumIfThere((line) => said.push(line));
  assert.equal(found, undefined);
  assert.deepEqual(said, [
    "No tests of the studio's page: Chromium is not at /nowhere/chromium, where CHROMIUM_PATH says it is",
  ]);
});
