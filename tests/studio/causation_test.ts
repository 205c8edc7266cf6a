import {
  createAggregate,
  createCommands,
  createDomain,
  withMetadata,
} from "evtstore";
import assert from "node:assert/strict";
import { test } from "node:test";
import { append, ask, memory } from "./support.ts";

type OrderEvent = { type: "Placed" } | { type: "Confirmed" };
type StockEvent = { type: "Reserved"; order: string };

/** An order that a handler reserves stock for, and that is confirmed by another. */
async function shop() {
  const provider = memory();
  const order = createAggregate({
    stream: "orders",
    create: () => ({}),
    fold: (_: OrderEvent) => ({}),
  });
  const stock = createAggregate({
    stream: "stock/main",
    create: () => ({}),
    fold: (_: StockEvent) => ({}),
  });
  const { domain, createHandler } = createDomain({ provider }, {
    order,
    stock,
  });
  const orders = createCommands(domain.order, {
    place: () => [{ type: "Placed" as const }, { type: "Placed" as const }],
    confirm: () => ({ type: "Confirmed" as const }),
  });
  const stocks = createCommands(domain.stock, {
    reserve: ({ order }: { order: string }) => ({
      type: "Reserved" as const,
      order,
    }),
  });
  const reserves = createHandler("reserves", ["orders"]);
  reserves.handle("orders", "Placed", async (order, _event, { version }) => {
    if (version === 1) await stocks.reserve("tea", { order });
  });
  const confirms = createHandler("confirms", ["stock/main"]);
  confirms.handle("stock/main", "Reserved", async (_id, { order }) => {
    await orders.confirm(order, {});
  });
  const run = async (id: string, correlationId: string) => {
    await withMetadata(
      { correlationId },
      () => orders.place(id, {}, { commandId: `command-${id}` }),
    );
    await reserves.runOnce();
    await confirms.runOnce();
  };
  await run("o-0", "before");
  await run("o-1", "request-1");
  await run("o-2", "after");
  return { provider, handlers: [reserves, confirms] };
}

const wanted = [
  ["orders/o-1@1", "command-o-1", null, ["orders/o-1@1", "orders/o-1@2"]],
  ["stock/main/tea@2", null, "orders/o-1@1", ["stock/main/tea@2"]],
  ["orders/o-1@3", null, "stock/main/tea@2", ["orders/o-1@3"]],
];

const summary = (commands: any[]) =>
  commands.map(({ key, commandId, cause, events }) => [
    key,
    commandId,
    cause,
    events.map((one: any) => one.key),
  ]);

test("from any event, or ids, the commands of its correlation are found", async () => {
  const { provider } = await shop();
  const { get } = ask(provider);
  for (
    const [parameters, focus] of [
      [{ stream: "orders", id: "o-1", version: 1 }, "orders/o-1@1"],
      [{ stream: "orders", id: "o-1", version: 3 }, "orders/o-1@3"],
      [{ stream: "stock/main", id: "tea", version: 2 }, "stock/main/tea@2"],
      [{ correlationId: "request-1" }, null],
      [{ commandId: "command-o-1" }, "orders/o-1@1"],
      [
        { stream: "orders", id: "o-1", commandId: "command-o-1" },
        "orders/o-1@1",
      ],
    ] as [{ [name: string]: string | number }, string | null][]
  ) {
    const found = await get("/api/causation", parameters);
    assert.equal(found.correlationId, "request-1");
    assert.equal(found.focus, focus);
    assert.deepEqual(summary(found.commands), wanted);
    assert.equal(found.next, null);
  }
});

test("an event without metadata has what was stored with it", async () => {
  const provider = memory();
  await append(provider, "a", "1", [{ type: "Before" }]);
  await append(provider, "a", "1", [{ type: "One" }, { type: "Two" }], {
    commandId: "c",
    at: new Date(0),
  });
  const { get } = ask(provider);
  const found = await get("/api/causation", {
    stream: "a",
    id: "1",
    version: 3,
  });
  assert.equal(found.correlationId, null);
  assert.deepEqual(summary(found.commands), [
    ["a/1@2", "c", null, ["a/1@2", "a/1@3"]],
  ]);
});

test("commands of one moment are told apart by their ids", async () => {
  const provider = memory();
  const options = { at: new Date(0), metadata: { correlationId: "x" } };
  await append(provider, "a", "1", [{ type: "A" }, { type: "B" }], options);
  await append(provider, "a", "1", [{ type: "C" }], {
    ...options,
    commandId: "second",
  });
  const { get } = ask(provider);
  const found = await get("/api/causation", { correlationId: "x" });
  assert.deepEqual(summary(found.commands), [
    ["a/1@1", null, null, ["a/1@1", "a/1@2"]],
    ["a/1@3", "second", null, ["a/1@3"]],
  ]);
});

test("a chain that is a circle, or names what is not there, ends", async () => {
  const provider = memory();
  const at = (causationId: unknown) => ({
    metadata: { correlationId: "x", causationId },
  });
  await append(provider, "a", "1", [{ type: "A" }], at("a/1@2"));
  await append(provider, "a", "1", [{ type: "B" }], at("a/1@1"));
  await append(provider, "a", "2", [{ type: "C" }], at("a/nobody@7"));
  await append(provider, "a", "3", [{ type: "D" }], at({ an: "object" }));
  const { get } = ask(provider);
  for (const [id, version] of [["1", 2], ["2", 1], ["3", 1]]) {
    const found = await get("/api/causation", { stream: "a", id, version });
    assert(found.commands.length > 0);
  }
});

test("the search is bounded, and goes on where it says", async () => {
  const provider = memory();
  const metadata = { correlationId: "long" };
  await append(provider, "a", "1", [{ type: "First" }], { metadata });
  for (let number = 0; number < 12; number++) {
    const noise = new Array(1000).fill({ type: "Noise" });
    await append(provider, "noise", `${number}`, noise);
  }
  await append(provider, "a", "1", [{ type: "Last" }], { metadata });
  const { get } = ask(provider);
  const parameters = { stream: "a", id: "1", version: 1 };
  const first = await get("/api/causation", parameters);
  assert.deepEqual(first.commands.map((one: any) => one.key), ["a/1@1"]);
  assert.equal(first.scanned, 10_000);
  const second = await get("/api/causation", {
    ...parameters,
    from: first.next,
  });
  assert.deepEqual(second.commands.map((one: any) => one.key), ["a/1@2"]);
  assert.equal(second.next, null);
});

test("what handlers did with an event is asked of each of its stream", async () => {
  const { provider, handlers } = await shop();
  await append(provider, "orders", "o-9", [{ type: "Placed" }]);
  const { get } = ask(provider, { handlers });
  const of = (id: string) =>
    get("/api/handled", { stream: "orders", id, version: 1 });
  assert.deepEqual((await of("o-1")).handlers, [
    { bookmark: "reserves", state: "handled" },
  ]);
  assert.deepEqual((await of("o-9")).handlers, [
    { bookmark: "reserves", state: "behind" },
  ]);
});

test("what cannot be meant is refused, and what is not there is not found", async () => {
  const { refused } = ask((await shop()).provider);
  for (
    const [query, status] of [
      ["", 400],
      ["stream=orders", 400],
      ["stream=orders&id=o-1", 400],
      ["stream=orders&id=o-1&version=0", 400],
      ["stream=orders&id=o-1&version=99", 404],
      ["stream=orders&id=nobody&version=1", 404],
      ["commandId=nobody", 404],
    ] as const
  ) {
    const [found] = await refused(`/api/causation?${query}`);
    assert.equal(found, status, query);
  }
});
