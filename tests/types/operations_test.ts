import {
  createHandler,
  type HandlerLog,
  type Health,
  health,
  runHandlers,
  type RunningHandlers,
} from "evtstore";
import { createProvider } from "evtstore/provider/memory";
import assert from "node:assert/strict";
import { test } from "node:test";
import { type Equal, expectType } from "./equal.ts";

const streams = createHandler<{ a: { type: "Done" } }>({
  bookmark: "several",
  streams: ["a"],
  provider: createProvider(),
});
const transactional = createHandler<{ b: { type: "Made" } }>({
  bookmark: "tx",
  streams: ["b"],
  provider: createProvider(),
  transactional: true,
});

test("handlers of any streams and transactions can be run and asked together", async () => {
  const handlers = [streams, transactional];
  const service = runHandlers(handlers, {
    signals: ["SIGTERM"],
    log: (line) => {
      expectType<Equal<typeof line, HandlerLog>>();
      expectType<Equal<typeof line.level, "info" | "warn" | "error">>();
    },
  });
  expectType<Equal<typeof service, RunningHandlers>>();
  const found = await health(handlers, { lagSeconds: 5 });
  expectType<Equal<typeof found, Health>>();
  expectType<
    Equal<
      Health["reasons"][number]["code"],
      "stopped" | "failing" | "behind" | "unreachable"
    >
  >();
  await service.stop();
  const { signal } = await service.stopped;
  expectType<Equal<typeof signal, string | undefined>>();
  assert.equal(signal, undefined);
});

test("what is observed is told apart by its type", () => {
  const end = streams.observe((change) => {
    if (change.type === "failed") {
      expectType<
        Equal<typeof change.outcome, "retry" | "parked" | "skipped">
      >();
    } else if (change.type === "state") {
      // @ts-expect-error a change of the state has no failure
      void change.failure;
    }
  });
  expectType<Equal<typeof end, () => void>>();
  end();
});

test("what cannot be meant does not compile", () => {
  // @ts-expect-error handlers are a list
  void (() => runHandlers(streams));
  // @ts-expect-error a provider is no handler
  void (() => health([createProvider()]));
  // @ts-expect-error true would say nothing
  void (() => runHandlers([streams], { signals: true }));
});
