import { createProvider } from "evtstore/provider/memory";
import assert from "node:assert/strict";
import { test } from "node:test";
import { createAggregate } from "./aggregate.ts";
import { createProvidedAggregate } from "./provided_aggregate.ts";
import { createCommands } from "./commands.ts";
import { createDomainV1 } from "./domain_v1.ts";
import { CommandError, StoreError, VersionError } from "./errors.ts";
import type { Provider } from "./provider.ts";

type Added = { type: "Added"; value: number };

const counter = createAggregate({
  stream: "counters",
  create: () => ({ value: 0 }),
  fold: (event: Added, counter) => ({ value: counter.value + event.value }),
});

function setUp(
  provider: Provider<any> | Promise<Provider<any>> = createProvider(),
) {
  const provided = createProvidedAggregate({ ...counter, provider });
  const calls: object[] = [];
  const handlers = {
    add(cmd: { value: number }, counter: { value: number; version: number }) {
      calls.push({ ...cmd, counter });
      return { type: "Added" as const, value: cmd.value };
    },
    addTwice: (cmd: { value: number }) => [
      { type: "Added" as const, value: cmd.value },
      { type: "Added" as const, value: cmd.value },
    ],
    nothing() {},
    refuse() {
      throw new CommandError("No", "NO");
    },
  };
  return {
    provided,
    calls,
    handlers,
    counters: createCommands(provided, handlers),
  };
}

/** Appends to the aggregate after it was loaded, as a faster command would. */
function raced(provider: Provider<any>, times: number): Provider<any> {
  let left = times;
  return {
    ...provider,
    append: async (stream, id, version, events, options) => {
      if (left-- > 0) {
        const other = provider.createEvents(stream, id, version, [
          { type: "Added", value: 100 },
        ]);
        await provider.append(stream, id, version, other);
      }
      return await provider.append(stream, id, version, events, options);
    },
  };
}

test("a command handler receives its body, its type and the aggregate", async () => {
  const { counters, calls } = setUp();
  await counters.add("a", { value: 1 });
  assert.deepEqual(calls, [{
    value: 1,
    aggregateId: "a",
    type: "add",
    counter: { value: 0, version: 0, aggregateId: "a" },
  }]);
});

test("a command appends one event, several or none", async () => {
  const { counters, provided } = setUp();
  assert.deepEqual(await counters.add("a", { value: 1 }), {
    aggregateId: "a",
    value: 1,
    version: 1,
  });
  assert.equal((await counters.addTwice("a", { value: 2 })).version, 3);
  assert.equal((await counters.nothing("a", {})).version, 3);
  assert.equal((await provided.getAggregate("a")).value, 5);
});

test("a provider may be the promise of one", async () => {
  const { counters } = setUp(Promise.resolve(createProvider()));
  assert.equal((await counters.add("a", { value: 1 })).version, 1);
});

test("what a command handler throws reaches the caller as it is", async () => {
  const { counters, provided } = setUp();
  await assert.rejects(counters.refuse("a", {}), CommandError);
  assert.equal((await provided.getAggregate("a")).version, 0);
});

test("a command that was overtaken throws VersionError by default", async () => {
  const { counters } = setUp(raced(createProvider(), 1));
  await assert.rejects(counters.add("a", { value: 1 }), (error) => {
    assert(error instanceof VersionError);
    assert.equal(error.stream, "counters");
    assert.equal(error.aggregateId, "a");
    assert.equal(error.expectedVersion, 0);
    assert.equal(error.actualVersion, 1);
    return true;
  });
});

test("retries decides again on the newest aggregate", async () => {
  const { handlers, calls, provided } = setUp(raced(createProvider(), 2));
  const counters = createCommands(provided, handlers, { retries: 2 });
  assert.equal((await counters.add("a", { value: 1 })).value, 201);
  assert.equal(calls.length, 3);
});

test("retries gives up after so many", async () => {
  const { handlers, calls, provided } = setUp(raced(createProvider(), 3));
  const counters = createCommands(provided, handlers, { retries: 2 });
  await assert.rejects(counters.add("a", { value: 1 }), VersionError);
  assert.equal(calls.length, 3);
});

test("retries must be a count", () => {
  const { provided, handlers } = setUp();
  for (const retries of [-1, 0.5, NaN]) {
    assert.throws(
      () => createCommands(provided, handlers, { retries }),
      (error) =>
        error instanceof StoreError && error.code === "INVALID_INPUT" &&
        error.field === "retries",
    );
  }
  createCommands(provided, handlers, { retries: Infinity });
});

test("retries does not repeat a VersionError that the handler throws", async () => {
  const { provided } = setUp();
  let calls = 0;
  const counters = createCommands(provided, {
    nested() {
      calls++;
      throw new VersionError("of another aggregate");
    },
  }, { retries: 5 });
  await assert.rejects(counters.nested("a", {}), VersionError);
  assert.equal(calls, 1);
});

test("expectedVersion refuses any other version, and is not retried", async () => {
  const { handlers, calls, provided } = setUp();
  const counters = createCommands(provided, handlers, { retries: 5 });
  await counters.add("a", { value: 1 }, { expectedVersion: 0 });
  await assert.rejects(
    counters.add("a", { value: 1 }, { expectedVersion: 0 }),
    (error) => error instanceof VersionError && error.actualVersion === 1,
  );
  assert.equal(calls.length, 1);
});

test("expectedVersion is not decided again when the append is overtaken", async () => {
  const provider = raced(createProvider(), 1);
  let loads = 0;
  const { handlers, calls, provided } = setUp({
    ...provider,
    getEventsFor(...args) {
      loads++;
      return provider.getEventsFor(...args);
    },
  });
  const counters = createCommands(provided, handlers, { retries: 5 });
  await assert.rejects(
    counters.add("a", { value: 1 }, { expectedVersion: 0 }),
    VersionError,
  );
  assert.deepEqual([calls.length, loads], [1, 1]);
});

test("commandId appends once, and a repeat is not decided", async () => {
  const { counters, calls } = setUp();
  await counters.add("a", { value: 1 }, { commandId: "c1" });
  await counters.add("a", { value: 5 });
  const repeated = await counters.add("a", { value: 1 }, { commandId: "c1" });
  assert.deepEqual(repeated, { aggregateId: "a", value: 6, version: 2 });
  assert.equal(calls.length, 2);
});

test("commandId is known even if expectedVersion has passed", async () => {
  const { counters } = setUp();
  const options = { commandId: "c1", expectedVersion: 0 };
  await counters.add("a", { value: 1 }, options);
  assert.equal((await counters.add("a", { value: 1 }, options)).version, 1);
});

test("commandId is found when the same command won the race", async () => {
  const provider = createProvider();
  const { counters } = setUp({
    ...provider,
    append: async (stream, id, version, events, options) => {
      await provider.append(stream, id, version, events, options);
      throw new VersionError("as a provider says that asks in this order");
    },
  });
  const added = await counters.add("a", { value: 1 }, { commandId: "c1" });
  assert.equal(added.value, 1);
});

test("metadata is stored with each event", async () => {
  const provider = createProvider();
  const { counters } = setUp(provider);
  await counters.addTwice("a", { value: 1 }, { metadata: { userId: "u1" } });
  await counters.add("a", { value: 1 });
  const events = await provider.getEventsFor("counters", "a");
  assert.deepEqual(events.map(({ metadata }) => metadata), [
    { userId: "u1" },
    { userId: "u1" },
    undefined,
  ]);
  assert.equal("metadata" in events[2]!, false);
});

test("metadata that cannot be stored is refused before the handler is called", async () => {
  const { counters, calls } = setUp();
  for (const metadata of [{ at: 1n }, [], null, "text"]) {
    await assert.rejects(
      counters.add("a", { value: 1 }, {
        metadata: metadata as Record<string, unknown>,
      }),
      (error) =>
        error instanceof StoreError && error.code === "INVALID_INPUT" &&
        error.field!.startsWith("metadata"),
    );
  }
  assert.equal(calls.length, 0);
});

test("signal is looked at before each step", async () => {
  const { counters, calls, handlers, provided } = setUp();
  const reason = new Error("no longer wanted");
  const signal = AbortSignal.abort(reason);
  await assert.rejects(counters.add("a", { value: 1 }, { signal }), reason);
  assert.equal(calls.length, 0);

  const controller = new AbortController();
  const aborting = createCommands(provided, {
    add(cmd: { value: number }, counter) {
      controller.abort(reason);
      return handlers.add(cmd, counter);
    },
  });
  await assert.rejects(
    aborting.add("a", { value: 1 }, { signal: controller.signal }),
    reason,
  );
  assert.equal((await provided.getAggregate("a")).version, 0);
});

test("an option that the provider lacks is refused", async () => {
  const { findCommand: _, transact: __, ...provider } = createProvider();
  const { counters } = setUp(provider);
  for (
    const [field, options] of [
      ["commandId", { commandId: "c1" }],
      ["tx", { tx: {} }],
    ] as const
  ) {
    await assert.rejects(counters.add("a", { value: 1 }, options), (error) => {
      assert(error instanceof StoreError);
      assert.equal(error.code, "NOT_SUPPORTED");
      assert.equal(error.field, field);
      return true;
    });
  }
});

test("an id that cannot be stored is refused before anything is read", async () => {
  const { counters, calls } = setUp();
  await assert.rejects(
    counters.add("", { value: 1 }),
    (error) => error instanceof StoreError && error.field === "aggregateId",
  );
  await assert.rejects(
    counters.add("a", { value: 1 }, { commandId: "" }),
    (error) => error instanceof StoreError && error.field === "commandId",
  );
  assert.equal(calls.length, 0);
});

test("an event that cannot be stored is refused, and none of the others stored", async () => {
  const { provided } = setUp();
  const counters = createCommands(provided, {
    add: () => [{ type: "Added", value: 1 }, { type: "Added", value: NaN }],
    bare: () => ({}) as Added,
  });
  await assert.rejects(
    counters.add("a", {}),
    (error) => error instanceof StoreError && error.field === "events[1].value",
  );
  await assert.rejects(
    counters.bare("a", {}),
    (error) => error instanceof StoreError && error.field === "events[0].type",
  );
  assert.equal((await provided.getAggregate("a")).version, 0);
});

test("a command handler that is not a function is refused at once", () => {
  const { provided } = setUp();
  assert.throws(
    () => createCommands(provided, { add: undefined as never }),
    (error) =>
      error instanceof StoreError && error.code === "INVALID_INPUT" &&
      error.field === "add",
  );
});

test("a command may have any name that an object can have", async () => {
  const { provided } = setUp();
  const handlers = Object.fromEntries(
    ["__proto__", "constructor", "toString"].map((name) => [
      name,
      () => ({ type: "Added" as const, value: 1 }),
    ]),
  );
  const counters = createCommands(provided, handlers);
  for (const name of Object.keys(handlers)) await counters[name]!("a", {});
  assert.equal((await provided.getAggregate("a")).value, 3);
});

function setUpV1(
  provider: Provider<any> = createProvider(),
  decided: () => void = () => {},
) {
  return createDomainV1<
    Added,
    { value: number },
    { type: "add"; value: number }
  >({
    stream: "counters",
    aggregate: () => ({ value: 0 }),
    fold: (event, counter) => ({ value: counter.value + event.value }),
    provider,
    useCache: true,
    retries: 5,
  }, {
    add: async (cmd) => {
      decided();
      return { type: "Added", value: cmd.value };
    },
  });
}

test("each call on a loaded aggregate returns the next one", async () => {
  const { getAggregate } = setUpV1();
  const first = await getAggregate("a");
  assert.equal(first.aggregate.version, 0);
  const second = await first.add({ value: 1 });
  const third = await second.add({ value: 2 });
  assert.equal(second.aggregate.value, 1);
  assert.equal(third.aggregate.value, 3);
  assert.equal(third.aggregate.version, 2);
});

test("a loaded aggregate is decided on as it was loaded, once", async () => {
  let decided = 0;
  const { command, getAggregate } = setUpV1(createProvider(), () => decided++);
  const loaded = await getAggregate("a");
  await command.add("a", { value: 1 });
  decided = 0;
  await assert.rejects(loaded.add({ value: 1 }), VersionError);
  assert.equal(decided, 1);
});

test("changing a loaded aggregate changes nothing that is stored or cached", async () => {
  const { getAggregate } = setUpV1();
  const loaded = await getAggregate("a");
  (loaded.aggregate as { value: number }).value = 1000;
  assert.equal((await loaded.add({ value: 1 })).aggregate.value, 1);
  assert.equal((await getAggregate("a")).aggregate.value, 1);
});

test("a loaded aggregate knows a command id", async () => {
  const { getAggregate } = setUpV1();
  const loaded = await getAggregate("a");
  await loaded.add({ value: 1 }, { commandId: "c1" });
  const repeated = await loaded.add({ value: 1 }, { commandId: "c1" });
  assert.equal(repeated.aggregate.value, 1);
});

test("command handlers of a domain cannot be called aggregate or then", () => {
  for (const name of ["aggregate", "then"]) {
    assert.throws(
      () =>
        createDomainV1({ ...counter, provider: createProvider() }, {
          [name]: () => {},
        }),
      (error) =>
        error instanceof StoreError && error.code === "INVALID_INPUT" &&
        error.field === name,
    );
  }
});

test("a cached aggregate is right on a provider that returns no positions", async () => {
  const provider = createProvider();
  const provided = createProvidedAggregate({
    ...counter,
    useCache: true,
    provider: {
      ...provider,
      append: async (stream, id, version, events) => {
        await provider.append(stream, id, version, events);
        return events;
      },
    },
  });
  const counters = createCommands(provided, {
    add: (cmd: { value: number }) => ({ type: "Added", value: cmd.value }),
  });
  for (const value of [1, 2, 3]) await counters.add("a", { value });
  assert.equal((await provided.getAggregate("a")).value, 6);
});
