import assert from "node:assert/strict";
import process from "node:process";
import { test, type TestContext } from "node:test";
import { processSignals } from "./process_signals.ts";

test("listeners are there until they are ended", () => {
  const before = process.listenerCount("SIGTERM");
  const end = processSignals.listen("SIGTERM", () => {});
  assert.equal(process.listenerCount("SIGTERM"), before + 1);
  end();
  assert.equal(process.listenerCount("SIGTERM"), before);
});

test("an exit code is that of a shell", () => {
  assert.equal(processSignals.exitCodeOf("SIGTERM"), 143);
  assert.equal(processSignals.exitCodeOf("SIGINT"), 130);
  assert.equal(processSignals.exitCodeOf("SIGNONE"), 128);
});

function replaceProcess(t: TestContext, value: unknown): void {
  const own = Object.getOwnPropertyDescriptor(globalThis, "process")!;
  t.after(() => Object.defineProperty(globalThis, "process", own));
  Object.defineProperty(globalThis, "process", { value, configurable: true });
}

test("where there is no process nothing is listened to, and nothing fails", (t: TestContext) => {
  // A bundler may put an empty one into a page.
  for (const value of [undefined, {}]) {
    replaceProcess(t, value);
    processSignals.listen("SIGTERM", () => {})();
    processSignals.exit(1);
    assert.equal(processSignals.exitCodeOf("SIGTERM"), 128);
  }
});

test("exit() ends the process with that code", (t: TestContext) => {
  const codes: number[] = [];
  replaceProcess(t, { exit: (code: number) => codes.push(code) });
  processSignals.exit(143);
  assert.deepEqual(codes, [143]);
});
