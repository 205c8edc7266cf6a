import { createProvider } from "evtstore/provider/memory";
import assert from "node:assert/strict";
import { test } from "node:test";
import { createAggregate } from "./aggregate.ts";
import {
  createPersistedAggregate,
  createProvidedAggregate,
} from "./provided_aggregate.ts";
import { createCommands } from "./commands.ts";
import { createDomainV2 } from "./domain_v2.ts";
import { StoreError } from "./errors.ts";
import type { Provider } from "./provider.ts";

type Added = { type: "Added"; value: number };

const counter = createAggregate({
  stream: "counters",
  create: () => ({ value: 0, last: "" }),
  fold: (event: Added, counter, meta) => ({
    value: counter.value + event.value,
    last: `${meta.stream} ${meta.aggregateId} ${meta.version}`,
  }),
});

async function addEvents(provider: Provider<any>, id: string, count: number) {
  const last = await provider.getLastEventFor("counters", id);
  const version = (last?.version ?? 0) + 1;
  const events = Array.from(
    { length: count },
    () => ({ type: "Added", value: 1 }),
  );
  const stored = provider.createEvents("counters", id, version, events);
  await provider.append("counters", id, version, stored);
}

/** Counts the events that a provider is asked to read. */
function counting(provider: Provider<any>) {
  const reads: number[] = [];
  const counted: Provider<any> = {
    ...provider,
    getEventsFor: async (...args) => {
      const events = await provider.getEventsFor(...args);
      reads.push(events.length);
      return events;
    },
  };
  return { counted, reads };
}

test("createAggregate() refuses persistAggregate without a version", () => {
  assert.throws(
    () =>
      createAggregate({
        ...counter,
        create: counter.aggregate,
        persistAggregate: true,
      }),
    (error) =>
      error instanceof StoreError && error.code === "INVALID_INPUT" &&
      error.field === "version",
  );
});

test("createAggregate() refuses a stream name that cannot be stored", () => {
  assert.throws(
    () =>
      createAggregate({ ...counter, create: counter.aggregate, stream: "" }),
    (error) => error instanceof StoreError && error.field === "stream",
  );
});

test("getAggregate() gives an empty aggregate that has no events", async () => {
  const { getAggregate } = createProvidedAggregate({
    ...counter,
    provider: createProvider(),
  });
  assert.deepEqual(await getAggregate("a"), {
    aggregateId: "a",
    last: "",
    value: 0,
    version: 0,
  });
  await assert.rejects(
    getAggregate(""),
    (error) => error instanceof StoreError && error.field === "aggregateId",
  );
});

test("getAggregate() folds an aggregate of many events a page at a time", async () => {
  const provider = createProvider({ limit: 10_000 });
  await addEvents(provider, "a", 7500);
  const { counted, reads } = counting(provider);
  const { getAggregate } = createProvidedAggregate({
    ...counter,
    provider: counted,
  });
  assert.deepEqual(await getAggregate("a"), {
    aggregateId: "a",
    last: "counters a 7500",
    value: 7500,
    version: 7500,
  });
  assert.deepEqual(reads, [5000, 2500]);
});

test("getAggregate() reads on past the limit of the provider", async () => {
  const provider = createProvider({ limit: 10 });
  await addEvents(provider, "a", 20);
  const { getAggregate } = createProvidedAggregate({ ...counter, provider });
  assert.equal((await getAggregate("a")).version, 20);
});

test("a cached aggregate reads only what is new, whoever appended it", async () => {
  const provider = createProvider();
  const { counted, reads } = counting(provider);
  const { getAggregate } = createProvidedAggregate({
    ...counter,
    provider: counted,
    useCache: true,
  });
  await addEvents(provider, "a", 3);
  assert.equal((await getAggregate("a")).value, 3);
  await addEvents(provider, "a", 2);
  assert.equal((await getAggregate("a")).value, 5);
  assert.equal((await getAggregate("a")).value, 5);
  assert.deepEqual(reads, [3, 2, 0]);
});

test("a cached aggregate is not changed by its callers", async () => {
  const cart = createAggregate({
    stream: "carts",
    create: () => ({ items: [] as string[] }),
    fold: (event: { type: "Added"; item: string }, cart) => ({
      items: [...cart.items, event.item],
    }),
  });
  const { domain } = createDomainV2(
    { provider: createProvider(), useCache: true },
    { cart },
  );
  const carts = createCommands(domain.cart, {
    add(cmd: { item: string }, cart) {
      cart.items.push("changed by the command handler");
      return { type: "Added", item: cmd.item };
    },
  });
  const first = await carts.add("a", { item: "one" });
  assert.deepEqual(first.items, ["one"]);
  first.items.push("changed by the caller of the command");
  const loaded = await domain.cart.getAggregate("a");
  assert.deepEqual(loaded.items, ["one"]);
  loaded.items.push("changed by the caller of getAggregate");
  assert.deepEqual((await carts.add("a", { item: "two" })).items, [
    "one",
    "two",
  ]);
});

test("cacheSize must be a whole number above 0", () => {
  for (const cacheSize of [0, -1, 1.5, NaN]) {
    assert.throws(
      () =>
        createProvidedAggregate({
          ...counter,
          provider: createProvider(),
          useCache: true,
          cacheSize,
        }),
      (error) =>
        error instanceof StoreError && error.code === "INVALID_INPUT" &&
        error.field === "cacheSize",
    );
  }
});

test("cacheSize bounds what is kept", async () => {
  const provider = createProvider();
  await addEvents(provider, "a", 1);
  await addEvents(provider, "b", 1);
  const { counted, reads } = counting(provider);
  const { getAggregate } = createProvidedAggregate({
    ...counter,
    provider: counted,
    useCache: true,
    cacheSize: 1,
  });
  await getAggregate("a");
  await getAggregate("b");
  await getAggregate("a");
  assert.deepEqual(reads, [1, 1, 1]);
});

test("what has no events is not kept", async () => {
  const { getAggregate, cache } = createProvidedAggregate({
    ...counter,
    provider: createProvider(),
    useCache: true,
  });
  await getAggregate("a");
  await getAggregate("a");
  assert.equal(cache!.get("a"), undefined);
});

test("names that cannot be stored are refused, persisted or not", async () => {
  for (const create of [createProvidedAggregate, createPersistedAggregate]) {
    const provider = createProvider();
    assert.throws(
      () => create({ ...counter, stream: "", provider }),
      (error) => error instanceof StoreError && error.field === "stream",
    );
    await assert.rejects(
      create({ ...counter, provider }).getAggregate(""),
      (error) => error instanceof StoreError && error.field === "aggregateId",
    );
  }
});

test("without persistAggregate nothing but the event is stored", async () => {
  const { persistAggregate: _, ...described } = counter;
  for (const persistAggregate of [{}, { persistAggregate: false }]) {
    const provider = createProvider();
    const counters = createCommands(
      createPersistedAggregate({
        ...{ ...described, ...persistAggregate },
        ...{ version: "1", provider },
      }),
      {
        add: ({ value }: { value: number }) => ({ type: "Added", value }),
      },
    );
    await counters.add("a", { value: 1 });
    const last = await provider.getLastEventFor("counters", "a");
    assert.equal("__persisted" in last!.event, false);
  }
});

test("a load inside a transaction neither reads nor writes the cache", async () => {
  const provider = createProvider();
  const provided = createProvidedAggregate({
    ...counter,
    provider,
    useCache: true,
  });
  const counters = createCommands(provided, {
    add: (cmd: { value: number }) => ({ type: "Added", value: cmd.value }),
  });
  await counters.add("a", { value: 1 });
  const rolledBack = new Error("rolled back");
  await assert.rejects(
    provider.transact(async (tx) => {
      await counters.add("a", { value: 10 }, { tx });
      assert.equal((await provided.getAggregate("a", { tx })).value, 11);
      throw rolledBack;
    }),
    rolledBack,
  );
  assert.equal((await provided.getAggregate("a")).value, 1);
  assert.equal((await counters.add("a", { value: 1 })).value, 2);
});

test("persistAggregate stores the aggregate with its last event", async () => {
  const provider = createProvider();
  const persisted = createAggregate({
    ...counter,
    create: counter.aggregate,
    version: "1",
    persistAggregate: true,
  });
  const { domain } = createDomainV2({ provider }, { persisted });
  const counters = createCommands(domain.persisted, {
    add: (cmd: { value: number }) => [
      { type: "Added", value: cmd.value },
      { type: "Added", value: cmd.value },
    ],
  });
  await counters.add("a", { value: 2 });
  const { counted, reads } = counting(provider);
  const same = createPersistedAggregate({ ...persisted, provider: counted });
  const loaded = await same.getAggregate("a");
  assert.equal(loaded.value, 4);
  assert.equal(loaded.version, 2);
  assert.deepEqual(reads, []);
});

test("a persisted aggregate of another fold version is folded again", async () => {
  const provider = createProvider();
  const version = (version: string, factor: number) =>
    createPersistedAggregate({
      ...createAggregate({
        stream: "counters",
        create: () => ({ value: 0 }),
        fold: (event: Added, counter) => ({
          value: counter.value + event.value * factor,
        }),
        version,
        persistAggregate: true,
      }),
      provider,
    });
  const first = version("1", 1);
  const counters = createCommands(first, {
    add: (cmd: { value: number }) => ({ type: "Added", value: cmd.value }),
  });
  await counters.add("a", { value: 2 });
  await counters.add("a", { value: 3 });
  assert.equal((await first.getAggregate("a")).value, 5);
  assert.equal((await version("2", 10).getAggregate("a")).value, 50);
  assert.equal((await version("2", 10).getAggregate("b")).version, 0);
});
