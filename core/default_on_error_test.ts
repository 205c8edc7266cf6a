import assert from "node:assert/strict";
import { test, type TestContext } from "node:test";
import { defaultOnError } from "./default_on_error.ts";

function replace(t: TestContext, name: string, value: unknown): void {
  const own = Object.getOwnPropertyDescriptor(globalThis, name);
  const given = { configurable: true, writable: true, value };
  Object.defineProperty(globalThis, name, given);
  t.after(() => {
    if (own) Object.defineProperty(globalThis, name, own);
    else Reflect.deleteProperty(globalThis, name);
  });
}

/** What it warns of. */
function warnings(t: TestContext): { text: string; options: unknown }[] {
  const emitted: { text: string; options: unknown }[] = [];
  replace(t, "process", {
    emitWarning: (text: string, options: unknown) =>
      emitted.push({ text, options }),
  });
  return emitted;
}

test("a failure is a warning of the process, with its place", (t: TestContext) => {
  const emitted = warnings(t);
  defaultOnError("broken", "", "");
  defaultOnError("broken", "a", "");
  defaultOnError("broken", "a", "model", { type: "Done" } as any);
  const options = { type: "EvtStoreWarning" };
  assert.deepEqual(emitted, [
    { text: "Unhandled failure: broken", options },
    { text: 'Unhandled failure (stream "a"): broken', options },
    {
      text:
        'Unhandled failure (bookmark "model", stream "a", event "Done"): broken',
      options,
    },
  ]);
});

test("its causes are told, five deep: one can be its own cause", (t: TestContext) => {
  const emitted = warnings(t);
  const error: Error = new Error("round");
  error.stack = "round at 1";
  error.cause = error;
  defaultOnError(error, "", "");
  const told = Array.from({ length: 6 }, () => "round at 1");
  assert.equal(
    emitted[0]!.text,
    `Unhandled failure: ${told.join("\nCaused by: ")}`,
  );
  const plain = new Error("no stack", { cause: "the disk" });
  delete plain.stack;
  defaultOnError(plain, "", "");
  assert.equal(
    emitted[1]!.text,
    "Unhandled failure: Error: no stack\nCaused by: the disk",
  );
});

test("in a browser it is reported as one that nobody caught", (t: TestContext) => {
  const reported: unknown[] = [];
  replace(t, "process", undefined);
  replace(t, "reportError", (error: unknown) => reported.push(error));
  const error = new Error("broken");
  defaultOnError(error, "a", "model");
  assert.deepEqual(reported, [error]);
});

test("where nothing reports it is thrown, behind whoever called", (t: TestContext) => {
  const queued: (() => void)[] = [];
  replace(t, "process", undefined);
  replace(t, "reportError", undefined);
  replace(t, "queueMicrotask", (work: () => void) => queued.push(work));
  const error = new Error("broken");
  defaultOnError(error, "a", "model");
  assert.equal(queued.length, 1);
  assert.throws(queued[0]!, error);
});

test("of an error without a cause no cause is told", (t: TestContext) => {
  const emitted = warnings(t);
  const error = new Error("alone");
  error.stack = "alone at 1";
  defaultOnError(error, "", "");
  assert.equal(emitted[0]!.text, "Unhandled failure: alone at 1");
});
