import {
  createBookmark,
  createHandler,
  type HandlerOptions,
  MemoryBookmark,
  StoreError,
} from "evtstore";
import { createProvider } from "evtstore/provider/memory";
import assert from "node:assert/strict";
import { test } from "node:test";

const provider = createProvider();
const base = { bookmark: "model", streams: ["a"], provider };

test("options that cannot be meant are refused by name", () => {
  const cases: [HandlerOptions, string][] = [
    [{ onFailure: "ignore" as "skip" }, "onFailure"],
    [{ onFailure: "park", continueOnError: true }, "continueOnError"],
    [{ onFailure: "pause", continueOnError: true }, "continueOnError"],
    [{ retry: { times: 3 } }, "retry.times"],
    [{ onFailure: "pause", retry: { times: 3 } }, "retry.times"],
    [{ onFailure: "park", retry: { times: Infinity } }, "retry.times"],
    [{ onFailure: "park", retry: { times: -1 } }, "retry.times"],
    [{ onFailure: "skip", retry: { times: 0.5 } }, "retry.times"],
    [{ retry: { minMs: 0 } }, "retry.minMs"],
    [{ retry: { minMs: NaN } }, "retry.minMs"],
    [{ retry: { minMs: 50, maxMs: 10 } }, "retry.maxMs"],
    [{ retry: { maxMs: Infinity } }, "retry.maxMs"],
  ];
  for (const [options, field] of cases) {
    assert.throws(
      () => createHandler({ ...base, ...options }),
      (error) => error instanceof StoreError && error.field === field,
      `${field}: ${JSON.stringify(options)}`,
    );
  }
});

test("options that can be meant are taken", () => {
  const cases: HandlerOptions[] = [
    { onFailure: "park" },
    { onFailure: "park", retry: { times: 0 } },
    { onFailure: "skip", continueOnError: true },
    { retry: { minMs: 20_000 } },
    { retry: { minMs: 5, maxMs: 5 } },
  ];
  for (const options of cases) createHandler({ ...base, ...options });
});

test("parking needs a bookmark that is a name, in a provider with records", () => {
  const own = createBookmark(provider, "elsewhere");
  for (const bookmark of [MemoryBookmark, own]) {
    assert.throws(
      () => createHandler({ ...base, bookmark, onFailure: "park" }),
      (error) =>
        error instanceof StoreError && error.code === "INVALID_INPUT" &&
        error.field === "bookmark",
    );
  }
  const { records: _, ...without } = provider;
  assert.throws(
    () => createHandler({ ...base, provider: without, onFailure: "park" }),
    (error) =>
      error instanceof StoreError && error.code === "NOT_SUPPORTED" &&
      error.field === "onFailure" &&
      /keeps no records; use onFailure: "skip"/.test(error.message),
  );
});

test("what failed of a batch is known to nobody, so none is given up", () => {
  for (const onFailure of ["park", "skip"] as const) {
    const handler = createHandler({ ...base, onFailure });
    assert.throws(
      () => handler.handleBatch(() => {}),
      (error) =>
        error instanceof StoreError && error.code === "INVALID_INPUT" &&
        error.message.includes(`beside onFailure: "${onFailure}"`),
    );
  }
});

test("where nothing can be parked there is nothing to replay", async () => {
  const { records: _, ...without } = createProvider();
  const events = without.createEvents("a", "x", 1, [{ type: "Done" }]);
  await without.append("a", "x", 1, events);
  const own = createBookmark(provider, "elsewhere");
  const handlers = [
    createHandler({ ...base, provider: without }),
    createHandler({ ...base, bookmark: MemoryBookmark }),
    createHandler({ ...base, bookmark: own }),
  ];
  for (const handler of handlers) {
    assert.deepEqual(await handler.parked(), []);
    assert.equal(await handler.replay({ aggregateId: "x" }), 0);
    assert.equal(await handler.discard({ aggregateId: "x", version: 1 }), 0);
    const { parked } = await handler.status();
    assert.deepEqual(parked, { aggregates: 0, events: 0 });
  }
  await handlers[0]!.runOnce();
  await handlers[0]!.handled("a", "x", 1);
});

test("a target that is not one is refused by name", async () => {
  const one = createHandler(base);
  const two = createHandler({ ...base, streams: ["a", "b"] });
  const calls: [() => Promise<number>, string][] = [
    [() => two.replay({ aggregateId: "x" }), "stream"],
    [() => two.discard({ aggregateId: "x", version: 1 }), "stream"],
    [() => one.replay({ stream: "c", aggregateId: "x" }), "stream"],
    [() => one.replay({ aggregateId: "" }), "aggregateId"],
    [() => one.replay({ aggregateId: "a\0b" }), "aggregateId"],
    [
      () =>
        one.discard(
          { aggregateId: "x" } as { aggregateId: string; version: number },
        ),
      "version",
    ],
  ];
  for (const [call, field] of calls) {
    await assert.rejects(
      call(),
      (error) =>
        error instanceof StoreError && error.code === "INVALID_INPUT" &&
        error.field === field,
    );
  }
});
