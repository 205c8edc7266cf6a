// Run against the package by `deno task check:npm`: the library loaded by
// `import` and by `require` is one, or two that understand each other.
import assert from "node:assert/strict";
import { createRequire } from "node:module";
import process from "node:process";
import { test } from "node:test";
import * as imported from "evtstore";

const require = createRequire(import.meta.url);
const required: typeof imported = require("evtstore");
const { createProvider }: typeof import("evtstore/provider/memory") = require(
  "evtstore/provider/memory",
);
const expected = process.env["EVTSTORE_COPIES"];

if (expected !== undefined) {
  test(`import and require give ${expected} of each class`, () => {
    const classes = new Set([imported.VersionError, required.VersionError]);
    assert.equal(classes.size, Number(expected));
  });
}

test("instanceof knows the errors of the other copy", () => {
  assert(new required.VersionError() instanceof imported.VersionError);
  assert(new imported.VersionError() instanceof required.CommandError);
  assert(
    new required.StoreError("STORE_FULL", "x") instanceof imported.StoreError,
  );
});

test("commands of one copy try again after a conflict of the other", async () => {
  const counter = imported.createAggregate({
    stream: "counters",
    create: () => ({ sum: 0 }),
    fold: (event: { type: "Added"; amount: number }, { sum }) => ({
      sum: sum + event.amount,
    }),
  });
  const { domain } = imported.createDomain({ provider: createProvider() }, {
    counter,
  });
  const counters = imported.createCommands(domain.counter, {
    add: async ({ amount }: { amount: number }) => ({ type: "Added", amount }),
  }, { retries: 10 });
  await Promise.all(
    Array.from({ length: 5 }, () => counters.add("one", { amount: 1 })),
  );
  assert.equal((await domain.counter.getAggregate("one")).sum, 5);
});
