import assert from "node:assert/strict";
import { test, type TestContext } from "node:test";
import { createAsyncContext } from "./async_context.ts";

test("a value follows the calls made inside, and no others", async () => {
  const context = createAsyncContext<string>();
  const look = async () => {
    await Promise.resolve();
    return context.get();
  };
  const both = await Promise.all([
    context.run("a", look),
    context.run("b", async () => [
      await look(),
      await context.run("inner", look),
      await look(),
    ]),
  ]);
  assert.deepEqual(both, ["a", ["b", "inner", "b"]]);
  assert.equal(context.get(), undefined);
});

test("where the runtime cannot do that, the work is done all the same", (t: TestContext) => {
  const own = Object.getOwnPropertyDescriptor(globalThis, "process")!;
  t.after(() => Object.defineProperty(globalThis, "process", own));
  for (const value of [undefined, {}, { getBuiltinModule: () => undefined }]) {
    Object.defineProperty(globalThis, "process", { value, configurable: true });
    const context = createAsyncContext<string>();
    assert.equal(
      context.run("a", () => `done ${context.get()}`),
      "done undefined",
    );
  }
});
