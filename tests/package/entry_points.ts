// Run against the package by `deno task check:npm`, where no driver is
// installed: every name that it exports is there.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";

const manifest = JSON.parse(
  readFileSync("node_modules/evtstore/package.json", "utf8"),
);
const names = Object.keys(manifest.exports)
  .filter((name) => name !== "./package.json")
  .map((name) => name.replace(/^\./, "evtstore"));

// The only one that needs a package by itself, which is not installed here.
test("evtstore/opentelemetry says what it lacks", async () => {
  const name: string = "evtstore/opentelemetry";
  assert(names.includes(name));
  await assert.rejects(import(name), /@opentelemetry\/api/);
});

for (const name of names) {
  if (name === "evtstore/opentelemetry") continue;
  test(`${name} is there`, async () => {
    const module = await import(name);
    const expected = name.endsWith("testing")
      ? "testProvider"
      : name.endsWith("spec")
      ? "spec"
      : name.endsWith("studio")
      ? "createStudio"
      : /provider\/(?!error)/.test(name)
      ? "createProvider"
      : "VersionError";
    assert.equal(typeof module[expected], "function");
  });
}
