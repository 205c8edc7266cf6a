import {
  createAggregate,
  createCommands,
  createDomain,
  createProvidedAggregate,
  createUpcasters,
} from "evtstore";
import assert from "node:assert/strict";
import { test } from "node:test";
import { append, ask, memory } from "./support.ts";

type OrderEvent =
  | { type: "Placed"; by: string }
  | { type: "Added"; item: string; cents: number }
  | { type: "Paid" };

const order = createAggregate({
  stream: "orders",
  create: () => ({
    by: "",
    lines: [] as { item: string; cents: number }[],
    total: 0,
    paid: false,
  }),
  fold: (event: OrderEvent, { lines, total }) => {
    if (event.type === "Placed") return { by: event.by };
    if (event.type === "Paid") return { paid: true };
    const { item, cents } = event;
    return { lines: [...lines, { item, cents }], total: total + cents };
  },
});

async function placed() {
  const provider = memory();
  await append(provider, "orders", "o-1", [
    { type: "Placed", by: "ada" },
    { type: "Added", item: "tea", cents: 300 },
    { type: "Added", item: "cup", cents: 700 },
    { type: "Paid" },
  ]);
  return provider;
}

const changes = [
  [{ path: ["by"], before: "", after: "ada" }],
  [
    { path: ["lines", 0], after: { item: "tea", cents: 300 } },
    { path: ["total"], before: 0, after: 300 },
  ],
  [
    { path: ["lines", 1], after: { item: "cup", cents: 700 } },
    { path: ["total"], before: 300, after: 1000 },
  ],
  [{ path: ["paid"], before: false, after: true }],
];

const fold = (event: OrderEvent, state: any) =>
  order.fold(event, state, {} as any);
const modules: [string, (provider: any) => object][] = [
  ["what createAggregate gave", () => ({ order })],
  ["a default export of it", () => ({ default: order })],
  ["objects of them", () => ({ shop: { order, name: "shop" }, other: 1 })],
  ["a domain of several", (provider) => createDomain({ provider }, { order })],
  ["what createProvidedAggregate gave", (provider) => ({
    order: createProvidedAggregate({ ...order, provider, useCache: true }),
  })],
  ["a domain of one", (provider) => ({
    order: createDomain({
      stream: "orders",
      provider,
      aggregate: order.aggregate,
      fold,
    }, { pay: () => ({ type: "Paid" }) } as any),
  })],
  ["a domain and its commands", (provider) => {
    const { domain } = createDomain({ provider }, { order });
    const commands = createCommands(domain.order, {
      pay: () => ({ type: "Paid" as const }),
    });
    return { commands, domain };
  }],
  ["aggregates with snapshots, and stored ones", () => ({
    order: { ...order, snapshot: { version: "1", every: 2 } },
  })],
];

for (const [name, makeModule] of modules) {
  test(`an aggregate is folded event by event, by ${name}`, async () => {
    const provider = await placed();
    const { get } = ask(provider, { domain: makeModule(provider) });
    const found = await get("/api/aggregate", { stream: "orders", id: "o-1" });
    assert.equal(found.version, 4);
    assert.deepEqual(found.before, {
      by: "",
      lines: [],
      total: 0,
      paid: false,
    });
    assert.deepEqual(found.events.map((one: any) => one.changes), changes);
    assert.deepEqual(found.events.at(-1).state, {
      by: "ada",
      lines: [{ item: "tea", cents: 300 }, { item: "cup", cents: 700 }],
      total: 1000,
      paid: true,
    });
    assert.equal(found.next, null);
    const { domain: [aggregate] } = await get("/api/overview");
    assert.equal(aggregate.stream, "orders");
  });
}

test("pages of an aggregate are what it is at once", async () => {
  const { get } = ask(await placed(), { domain: { order } });
  const parameters = { stream: "orders", id: "o-1" };
  const whole = await get("/api/aggregate", parameters);
  const events: any[] = [];
  let after = 0;
  let state = whole.before;
  while (true) {
    const page = await get("/api/aggregate", {
      ...parameters,
      after,
      limit: 1,
    });
    assert.deepEqual(page.before, state);
    assert.equal(page.version, 4);
    events.push(...page.events);
    if (page.next === null) break;
    after = page.next;
    state = page.events.at(-1).state;
  }
  assert.deepEqual(events, whole.events);
  for (const { version, state } of whole.events) {
    const found = await get("/api/state", { ...parameters, version });
    assert.deepEqual(found, { version, state });
  }
  const empty = await get("/api/state", { ...parameters, version: 0 });
  assert.deepEqual(empty.state, whole.before);
});

test("without a domain the events are as they are stored", async () => {
  const { get } = ask(await placed());
  const found = await get("/api/aggregate", { stream: "orders", id: "o-1" });
  assert.equal(found.name, null);
  assert.equal("before" in found, false);
  for (const event of found.events) {
    assert.equal("state" in event || "changes" in event, false);
  }
  assert.deepEqual(
    await get("/api/state", { stream: "orders", id: "o-1", version: 2 }),
    { version: 2 },
  );
});

test("an aggregate that is not there has no version, and a version too many is not found", async () => {
  const { get, refused } = ask(await placed(), { domain: { order } });
  const nobody = await get("/api/aggregate", { stream: "orders", id: "x" });
  assert.deepEqual([nobody.version, nobody.events], [0, []]);
  assert.deepEqual(
    await refused("/api/state?stream=orders&id=o-1&version=5"),
    [404, "NOT_FOUND"],
  );
  for (const query of ["stream=orders", "id=o-1", ""]) {
    assert.deepEqual(
      await refused(`/api/aggregate?${query}`),
      [400, "INVALID_INPUT"],
    );
  }
});

test("a fold that throws is shown at its event, and those behind it are events still", async () => {
  const broken = createAggregate({
    stream: "orders",
    create: () => ({ events: 0 }),
    fold: (event: OrderEvent, { events }) => {
      if (event.type === "Added" && event.item === "cup") {
        throw new RangeError("no cups");
      }
      return { events: events + 1 };
    },
  });
  const { get } = ask(await placed(), { domain: { broken } });
  const { events } = await get("/api/aggregate", {
    stream: "orders",
    id: "o-1",
  });
  assert.deepEqual(events.map((one: any) => one.state?.events), [
    1,
    2,
    undefined,
    undefined,
  ]);
  assert.deepEqual(events.map((one: any) => one.failure?.message), [
    undefined,
    undefined,
    "no cups",
    undefined,
  ]);
  const { failure, state } = await get("/api/state", {
    stream: "orders",
    id: "o-1",
    version: 4,
  });
  assert.deepEqual([failure.code, state], ["RangeError", undefined]);
});

test("a fold that changes what it is given is seen to change it", async () => {
  const mutating = createAggregate({
    stream: "orders",
    create: () => ({ items: [] as string[] }),
    fold: (event: OrderEvent, state) => {
      if (event.type === "Added") state.items.push(event.item);
      return state;
    },
  });
  const { get } = ask(await placed(), { domain: { mutating } });
  const { events } = await get("/api/aggregate", {
    stream: "orders",
    id: "o-1",
  });
  assert.deepEqual(events.map((one: any) => one.changes), [
    [],
    [{ path: ["items", 0], after: "tea" }],
    [{ path: ["items", 1], after: "cup" }],
    [],
  ]);
});

test("states that JSON does not hold are shown by what is in them", async () => {
  const rich = createAggregate({
    stream: "orders",
    create: () => ({
      map: new Map<string, number>(),
      set: new Set<string>(),
      big: 1n,
      at: new Date(0),
      none: undefined as string | undefined,
      infinite: Infinity,
      nested: { self: undefined as unknown, twice: undefined as unknown },
    }),
    fold: (event: OrderEvent, state) => {
      if (event.type !== "Added") return {};
      state.nested.self = state;
      state.nested.twice = state;
      return {
        map: new Map([...state.map, [event.item, event.cents]]),
        set: new Set([...state.set, event.item]),
        big: state.big + 1n,
      };
    },
  });
  const { get } = ask(await placed(), { domain: { rich } });
  const { state } = await get("/api/state", {
    stream: "orders",
    id: "o-1",
    version: 2,
  });
  const { nested, ...others } = state;
  assert.deepEqual(others, {
    map: { tea: 300 },
    set: ["tea"],
    big: "2",
    at: "1970-01-01T00:00:00.000Z",
    infinite: "Infinity",
  });
  // Where it would come to itself again, it is cut.
  assert.deepEqual([nested.self.nested, nested.twice.nested], [null, null]);
});

test("upcasters are part of the fold", async () => {
  const provider = memory();
  await append(provider, "orders", "o-1", [{ type: "Bought", what: "tea" }]);
  type Today = { type: "Added"; item: string };
  type Stored = Today | { type: "Bought"; what: string };
  const upcasting = createAggregate({
    stream: "orders",
    create: () => ({ items: [] as string[] }),
    fold: (event: Today, { items }) => ({ items: [...items, event.item] }),
    upcast: createUpcasters<Stored, Today>({
      Bought: ({ what }) => [
        { type: "Added", item: what },
        { type: "Added", item: `${what} bag` },
      ],
    }),
  });
  const { get } = ask(provider, { domain: { upcasting } });
  const { events: [event] } = await get("/api/aggregate", {
    stream: "orders",
    id: "o-1",
  });
  assert.equal(event.type, "Bought");
  assert.deepEqual(event.state, { items: ["tea", "tea bag"] });
});

test("large states are left out of a page, and asked for one by one", async () => {
  const provider = memory();
  const events = Array.from({ length: 10 }, (_, number) => ({
    type: "Grown",
    number,
  }));
  await append(provider, "large", "1", events);
  const large = createAggregate({
    stream: "large",
    create: () => ({ text: "x".repeat(300_000), number: -1 }),
    fold: ({ number }: { type: "Grown"; number: number }) => ({ number }),
  });
  const { get } = ask(provider, { domain: { large } });
  const found = await get("/api/aggregate", { stream: "large", id: "1" });
  const shown = found.events.filter((one: any) => one.state);
  assert.equal(shown.length, 3);
  assert.deepEqual(found.events[9].changes, [
    { path: ["number"], before: 8, after: 9 },
  ]);
  const { state } = await get("/api/state", {
    stream: "large",
    id: "1",
    version: 10,
  });
  assert.equal(state.number, 9);
});
