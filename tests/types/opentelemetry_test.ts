import { metrics, trace } from "@opentelemetry/api";
import {
  createAggregate,
  createDomain,
  createHandler,
  type ProcessControls,
} from "evtstore";
import { instrument, instrumentHandler } from "evtstore/opentelemetry";
import {
  createProvider,
  type MemoryTransaction,
} from "evtstore/provider/memory";
import { createProvider as openSqlite } from "evtstore/provider/sqlite";
import { test } from "node:test";
import { type Equal, expectType } from "./equal.ts";

const account = createAggregate({
  stream: "accounts",
  create: () => ({}),
  fold: (_event: { type: "Opened" }) => ({}),
});

test("an instrumented provider is what it was, for the compiler too", () => {
  const memory = createProvider();
  const measured = instrument(memory, {
    tracer: trace.getTracer("shop"),
    meter: metrics.getMeter("shop"),
  });
  expectType<Equal<typeof measured, typeof memory>>();
  const promised = instrument(Promise.resolve(memory));
  expectType<Equal<typeof promised, Promise<typeof memory>>>();
  const close = () => instrument(openSqlite({ path: ":memory:" })).close();
  expectType<Equal<typeof close, () => Promise<void>>>();
  const { createHandler: ofDomain } = createDomain(
    { provider: measured },
    { account },
  );
  const handler = ofDomain("all", ["accounts"], { transactional: true });
  handler.handleBatch((_events, tx) => {
    expectType<Equal<typeof tx, MemoryTransaction>>();
  });
  // @ts-expect-error: it is no provider
  const wrong = () => instrument({ driver: "memory" });
  void [close, wrong];
});

test("handlers of every kind can be measured", () => {
  const provider = createProvider();
  const end = instrumentHandler(
    createHandler<{ accounts: { type: "Opened" } }>({
      ...{ bookmark: "mails", streams: ["accounts"], provider },
    }),
    { meter: metrics.getMeter("shop") },
  );
  expectType<Equal<typeof end, () => void>>();
  end();
  void ((process: ProcessControls<any>) => instrumentHandler(process));
  // @ts-expect-error: a tracer makes no metrics
  const wrong = () => instrumentHandler({}, { meter: trace.getTracer("shop") });
  void wrong;
});
