import assert from "node:assert/strict";
import { hostname } from "node:os";
import process from "node:process";
import { test, type TestContext } from "node:test";
import { processName } from "./process_name.ts";

function replaceProcess(t: TestContext, value: unknown): void {
  const own = Object.getOwnPropertyDescriptor(globalThis, "process")!;
  t.after(() => Object.defineProperty(globalThis, "process", own));
  Object.defineProperty(globalThis, "process", { configurable: true, value });
}

test("a process is called by its host and its id", () => {
  assert.equal(processName(), `${hostname()}:${process.pid}`);
});

test("where the runtime does not say it has no name", (t: TestContext) => {
  for (
    const given of [
      undefined,
      {},
      { getBuiltinModule: () => undefined },
      {
        getBuiltinModule: () => ({
          hostname: () => {
            throw new Error("Requires sys access");
          },
        }),
      },
    ]
  ) {
    replaceProcess(t, given);
    assert.equal(processName(), "");
  }
});
