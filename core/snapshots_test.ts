import {
  createAggregate,
  createCommands,
  createDomain,
  type Provider,
  type SnapshotOptions,
  StoreError,
} from "evtstore";
import { createProvider } from "evtstore/provider/memory";
import assert from "node:assert/strict";
import { test } from "node:test";
import { SNAPSHOT } from "./snapshot_record.ts";

type Added = { type: "Added"; value: number };
type Sum = { sum: number; [key: string]: unknown };
type Fold = (event: Added, sum: Sum) => Partial<Sum>;

const add: Fold = ({ value }, { sum }) => ({ sum: sum + value });

/** A position as a driver may have it. */
class Opaque {
  value: number;
  constructor(value: number) {
    this.value = value;
  }
  equals(other: any) {
    return this.value === other?.value;
  }
  toString() {
    return String(this.value);
  }
  static fromString(text: string) {
    return new Opaque(Number(text));
  }
}

/** One log, and processes that open it, each with its own domain. */
function setUp() {
  const errors: any[] = [];
  const told: unknown[] = [];
  const provider = createProvider({
    onError: (error, stream, bookmark) => {
      errors.push(error);
      told.push([stream, bookmark]);
    },
  });
  let read = 0;
  const counted: Provider<any> = {
    ...provider,
    getEventsFor: async (...args) => {
      const events = await provider.getEventsFor(...args);
      read += events.length;
      return events;
    },
  };
  function open(
    { fold = add, useCache, on = counted, ...snapshot }:
      & Partial<SnapshotOptions>
      & { fold?: Fold; useCache?: boolean | "optimistic"; on?: Provider<any> } =
        {},
  ) {
    const sum = createAggregate({
      stream: "sums",
      create: (): Sum => ({ sum: 0 }),
      fold,
      snapshot: { version: "1", every: 10, check: 0, ...snapshot },
    });
    const options = { provider: on, ...useCache && { useCache } };
    const { domain } = createDomain(options, { sum });
    const { getAggregate, snapshots } = domain.sum;
    const commands = createCommands(domain.sum, {
      add: ({ values }: { values: number[] }) =>
        values.map((value) => ({ type: "Added", value })),
    });
    const send = (count: number, id = "a", options = {}) => {
      const values = Array.from({ length: count }, () => 1);
      return commands.add(id, { values }, options);
    };
    return {
      snapshots: snapshots!,
      get: (id = "a", tx?: unknown) => getAggregate(id, tx ? { tx } : {}),
      send,
      async add(...sent: Parameters<typeof send>) {
        const after = await send(...sent);
        await snapshots!.settled();
        return after;
      },
      /** How many events a load reads. */
      async reads(id = "a") {
        read = 0;
        const { sum, version } = await getAggregate(id);
        const events = read;
        await snapshots!.settled();
        return { sum, version, events };
      },
    };
  }
  const kept = async (): Promise<any[]> => {
    const records = await provider.records.list(SNAPSHOT);
    return records.flatMap(({ value }) => value.snapshots);
  };
  return { provider, counted, errors, told, open, kept };
}

test("a load reads what follows the snapshot, and no more", async () => {
  const { open, errors } = setUp();
  const process = open();
  await process.add(95);
  await process.add(3);
  const expected = { sum: 98, version: 98, events: 3 };
  assert.deepEqual(await process.reads(), expected);
  assert.deepEqual(await open().reads(), expected);
  await process.add(2);
  assert.deepEqual(await open().get(), {
    aggregateId: "a",
    sum: 100,
    version: 100,
  });
  assert.deepEqual(errors, []);
});

test("an aggregate of 100,000 events is loaded by reading as many as one of 100", async () => {
  const { open, errors } = setUp();
  const process = open({ every: 100 });
  await process.add(99_950, "long");
  await process.add(50, "long");
  await process.add(50, "short");
  await process.add(50, "short");
  const long = await open().reads("long");
  assert.deepEqual(long, { sum: 100_000, version: 100_000, events: 50 });
  const short = await open({ every: 100 }).reads("short");
  assert.deepEqual(short, { sum: 100, version: 100, events: 0 });
  assert.deepEqual(errors, []);
});

test("a snapshot is kept once in so many events, in every way to decide", async () => {
  for (const useCache of [false, true, "optimistic"] as const) {
    const { open, kept } = setUp();
    const process = open({ every: 5, useCache });
    const versions = new Set<number>();
    for (let event = 1; event <= 17; event++) {
      await process.add(1);
      for (const { at } of await kept()) versions.add(at);
    }
    assert.deepEqual([...versions], [5, 10, 15], String(useCache));
    assert.equal((await open().reads()).events, 2);
  }
});

test("processes that take turns keep no more snapshots than one", async () => {
  const { open, kept } = setUp();
  const processes = [1, 2, 3].map(() => open({ every: 5, useCache: true }));
  const versions = new Set<number>();
  for (let event = 0; event < 24; event++) {
    await processes[event % 3]!.add(1);
    for (const { at } of await kept()) versions.add(at);
  }
  assert(versions.size <= 4, String([...versions]));
  assert.equal((await open().get()).sum, 24);
});

test("the first command on a long aggregate keeps its first snapshot", async () => {
  const { open } = setUp();
  await open({ every: 1000 }).add(300);
  const later = open();
  assert.equal((await later.reads()).events, 300);
  assert.equal((await later.reads()).events, 300, "a load writes nothing");
  await later.add(1);
  assert.deepEqual(await later.reads(), { sum: 301, version: 301, events: 0 });
});

test("a snapshot of another version is not used, and goes when nobody keeps it up", async () => {
  const { open, kept } = setUp();
  const old = open();
  await old.add(10);
  const double: Fold = ({ value }, { sum }) => ({ sum: sum + 2 * value });
  const current = open({ version: "2", fold: double });
  assert.deepEqual(await current.reads(), { sum: 20, version: 10, events: 10 });
  await current.add(1);
  // Both are kept while both are in use: neither folds all events each time.
  assert.deepEqual(await old.reads(), { sum: 11, version: 11, events: 1 });
  assert.deepEqual(await current.reads(), { sum: 22, version: 11, events: 0 });
  for (let event = 0; event < 20; event++) await current.add(1);
  assert.deepEqual((await kept()).map(({ version }) => version), ["2"]);
});

test("a fold that was changed without its version is found out, and put right", async () => {
  const { open, errors, told, kept } = setUp();
  await open().add(12);
  const double: Fold = ({ value }, { sum }) => ({ sum: sum + 2 * value });
  const changed = open({ fold: double, check: 1, useCache: true });
  assert.equal((await changed.reads()).sum, 12);
  const [error] = errors;
  assert(error instanceof StoreError);
  assert.equal(error.code, "SNAPSHOT_STALE");
  assert.equal(error.stream, "sums");
  assert.equal(error.aggregateId, "a");
  assert.deepEqual(told, [["sums", ""]]);
  assert.match(error.message, /at version 12 its "sum" differs/);
  assert.deepEqual(await kept(), []);
  assert.equal((await changed.reads()).sum, 24);
  await changed.add(1);
  const anew = { sum: 26, version: 13, events: 0 };
  assert.deepEqual(await open({ fold: double, check: 1 }).reads(), anew);
  assert.equal(errors.length, 1);
});

test("a load says when the next snapshot is due: nothing is asked before", async () => {
  const { open, counted } = setUp();
  await open().add(12);
  const records = bound(counted.records!);
  let gets = 0;
  const process = open({
    on: {
      ...counted,
      // A position that is a number needs no other one beside it.
      getPosition: () => Promise.reject(new Error("asked for a position")),
      records: {
        ...records,
        get: (...args) => {
          gets++;
          return records.get(...args);
        },
      },
    },
  });
  for (let event = 0; event < 9; event++) await process.add(1);
  assert.equal(gets, 9, "by each load");
  await process.add(1);
  assert.equal(gets, 11, "by the load and the writer");
  assert.equal((await open().reads()).events, 0);
});

test("aggregates whose events are gone are none, whatever was kept of them", async () => {
  const { open, counted, errors, kept } = setUp();
  for (const id of ["a", "b"]) await open().add(12, id);
  const process = open({
    on: {
      ...counted,
      getEventsFor: () => Promise.resolve([]),
      getLastEventFor: () => Promise.resolve(undefined),
    },
  });
  const loaded = await Promise.all([process.get("a"), process.get("b")]);
  assert.deepEqual(loaded.map(({ version }) => version), [0, 0]);
  await process.snapshots.settled();
  const codes = errors.map(({ code }) => code);
  assert.deepEqual(codes, ["SNAPSHOT_STALE", "SNAPSHOT_STALE"]);
  assert.deepEqual(await kept(), []);
});

test("a check reports nothing where the snapshot is right, also when more is appended", async () => {
  const { open, errors } = setUp();
  await open().add(12);
  const process = open({ check: 1 });
  const loading = process.get();
  await process.add(15);
  await loading;
  await process.reads();
  assert.deepEqual(errors, []);
});

test("a check is made of one in so many loads", async () => {
  const { open, errors } = setUp();
  await open().add(12);
  const double: Fold = ({ value }, { sum }) => ({ sum: sum + 2 * value });
  const rarely = open({ fold: double, check: 1_000_000 });
  for (let load = 0; load < 20; load++) await rarely.reads();
  assert.equal(errors.length, 0);
  const sometimes = open({ fold: double, check: 4 });
  let loads = 0;
  while (errors.length === 0 && loads < 500) {
    await sometimes.reads();
    loads++;
  }
  assert.equal(errors[0]?.code, "SNAPSHOT_STALE");
});

test("a check is left out where the first events were archived", async () => {
  const { open, counted, errors } = setUp();
  await open().add(12);
  const archived: Provider<any> = {
    ...counted,
    getEventsFor: async (...args) =>
      (await counted.getEventsFor(...args))
        .filter(({ version }) => version > 5),
  };
  const process = open({ check: 1, on: archived });
  assert.equal((await process.reads()).sum, 12);
  assert.deepEqual(errors, []);
});

test("a state that JSON would not give back is not kept, and told of once", async () => {
  const bad: [string, unknown][] = [
    [".at is a Date", { at: new Date(0) }],
    [".ratio is NaN", { ratio: NaN }],
    [".big is a value of type bigint", { big: 1n }],
    [".of is a Map", { of: new Map() }],
    [".list[0] is a value of type undefined", { list: [undefined] }],
  ];
  for (const [problem, state] of bad) {
    const { open, errors, kept } = setUp();
    const process = open({
      fold: (event, sum) => ({ ...add(event, sum), ...state as object }),
    });
    await process.add(10);
    for (let event = 0; event < 9; event++) await process.add(1);
    assert.equal(errors.length, 1, problem);
    assert.equal(errors[0].code, "SNAPSHOT_FAILED");
    assert(errors[0].message.includes(problem), errors[0].message);
    assert.deepEqual(await kept(), []);
    await process.add(1);
    assert.equal(errors.length, 2, "and again when the next one is due");
    assert.equal((await open().get()).version, 20);
  }
});

test("where positions have no text nothing is kept, and that is told of once", async () => {
  const { open, counted, errors, kept } = setUp();
  const process = open({
    on: {
      ...counted,
      append: async (...args) =>
        (await counted.append(...args))
          .map((stored) => ({ ...stored, position: { of: "this store" } })),
    },
  });
  await process.add(10);
  await process.add(1);
  assert.deepEqual(errors.map(({ code }) => code), ["SNAPSHOT_FAILED"]);
  assert.deepEqual(await kept(), []);
});

test("what is kept is the aggregate as it was, whatever the caller does to it", async () => {
  const { open } = setUp();
  const process = open({
    fold: (event, sum) => ({ ...add(event, sum), tags: [] }),
  });
  for (const id of ["a", "b"]) {
    const state = await process.send(10, id);
    state.sum = 1000;
    (state.tags as string[]).push("changed");
  }
  await process.snapshots.settled();
  for (const id of ["a", "b"]) {
    assert.deepEqual(await open().get(id), {
      aggregateId: id,
      sum: 10,
      tags: [],
      version: 10,
    });
  }
});

test("a store that fails to keep or give a snapshot fails nothing else", async () => {
  const { open, counted, errors } = setUp();
  const problem = new Error("no such table");
  const { records } = counted;
  const fail = async () => {
    throw problem;
  };
  const cannotPut = open({
    on: { ...counted, records: { ...bound(records!), put: fail } },
  });
  assert.equal((await cannotPut.add(10)).version, 10);
  assert.equal(errors.length, 1);
  assert.equal(errors[0].code, "SNAPSHOT_FAILED");
  assert.equal(errors[0].cause, problem);
  await cannotPut.add(5);
  assert.equal(errors.length, 1, "it is not tried again at once");
  await open().add(1);
  const cannotGet = open({
    on: { ...counted, records: { ...bound(records!), get: fail } },
  });
  const { sum, events } = await cannotGet.reads();
  assert.deepEqual([sum, events], [16, 16]);
  assert.equal(errors.at(-1).cause, problem);
});

test("a check and a removal that fail are told of, and fail nothing", async () => {
  const { open, counted, errors } = setUp();
  await open().add(12);
  const problem = new Error("no connection");
  let isAway = true;
  const failing: Provider<any> = {
    ...counted,
    // A check reads from the first event, a load behind the snapshot.
    getEventsFor: (stream, id, from, options) =>
      isAway && !from
        ? Promise.reject(problem)
        : counted.getEventsFor(stream, id, from, options),
  };
  assert.equal((await open({ on: failing, check: 1 }).reads()).sum, 12);
  assert.deepEqual(errors.map(({ code, cause }) => [code, cause]), [
    ["SNAPSHOT_FAILED", problem],
  ]);
  isAway = false;
  const records: Provider<any>["records"] = {
    ...bound(counted.records!),
    put: () => Promise.reject(problem),
    remove: () => Promise.reject(problem),
  };
  const double: Fold = ({ value }, { sum }) => ({ sum: sum + 2 * value });
  const changed = open({
    on: { ...counted, records },
    fold: double,
    check: 1,
  });
  assert.equal((await changed.reads()).sum, 12);
  assert.deepEqual(errors.slice(1).map(({ code, cause }) => [code, cause]), [
    ["SNAPSHOT_STALE", undefined],
    ["SNAPSHOT_FAILED", problem],
  ]);
});

test("a position that only the store's class reads is asked for once, and again after a failure", async () => {
  const { open, counted, errors } = setUp();
  let asked = 0;
  const unwrap = (position: any) => position?.value ?? position;
  const wrap = (event: any) => ({
    ...event,
    position: new Opaque(event.position),
  });
  const on: Provider<any> = {
    ...counted,
    getPosition: async (bookmark) => {
      if (++asked === 1) throw new Error("no connection");
      return new Opaque(await counted.getPosition(bookmark));
    },
    append: async (...args) => (await counted.append(...args)).map(wrap),
    getEventsFor: async (stream, id, from, options) =>
      (await counted.getEventsFor(stream, id, unwrap(from), options)).map(wrap),
    getLastEventFor: async (...args) => {
      const last = await counted.getLastEventFor(...args);
      return last && wrap(last);
    },
  };
  await open({ on }).add(12);
  const { reads } = open({ on });
  const found = { sum: 12, version: 12 };
  assert.deepEqual(await reads(), { ...found, events: 12 });
  assert.equal(errors.length, 1);
  assert.equal(errors[0].code, "SNAPSHOT_FAILED");
  assert.deepEqual(await reads(), { ...found, events: 0 });
  assert.deepEqual(await reads(), { ...found, events: 0 });
  assert.equal(asked, 2);
});

test("a command waits for no snapshot, nor for the driver to begin with one", async () => {
  const { open, counted } = setUp();
  const records = bound(counted.records!);
  let [gets, puts] = [0, 0];
  let finish = () => {};
  const finished = new Promise<void>((resolve) => finish = resolve);
  const process = open({
    on: {
      ...counted,
      records: {
        ...records,
        get: (...args) => {
          gets++;
          return records.get(...args);
        },
        put: async (...args) => {
          puts++;
          await finished;
          return await records.put(...args);
        },
      },
    },
  });
  const late = setTimeout(finish, 2000);
  await process.send(10);
  assert.deepEqual([gets, puts], [1, 0], "the load has asked for it");
  await process.send(1);
  await new Promise((resolve) => setTimeout(resolve, 5));
  assert.equal(puts, 1);
  clearTimeout(late);
  finish();
  await process.snapshots.settled();
  assert.equal((await open().reads()).events, 1);
});

test("a record that is not one of ours is passed over, and replaced", async () => {
  const values = [
    null,
    {},
    { stream: "sums", aggregateId: "a", snapshots: [{}] },
    { stream: "other", aggregateId: "a", snapshots: [] },
    ...[
      "{",
      "null",
      '{"version":9,"aggregateId":"a"}',
      '{"version":3,"aggregateId":"b"}',
    ].map((state) => ({
      stream: "sums",
      aggregateId: "a",
      snapshots: [{ version: "1", at: 3, position: 1, state }],
    })),
  ];
  for (const value of values) {
    const { open, provider, errors } = setUp();
    await open({ every: 1000 }).add(12);
    const key = JSON.stringify(["sums", "a"]);
    await provider.records.put(SNAPSHOT, key, value, { revision: 0 });
    const process = open();
    assert.equal((await process.reads()).sum, 12, JSON.stringify(value));
    assert.equal(errors[0].code, "SNAPSHOT_FAILED");
    await process.add(1);
    assert.equal((await open().reads()).events, 0, JSON.stringify(value));
  }
});

test("a snapshot that the log does not go on behind is not used", async () => {
  const { open, provider, errors } = setUp();
  await open().add(12);
  await open().add(3);
  const [record] = await provider.records.list(SNAPSHOT);
  const { value, revision } = record!;
  const tamper = async (change: object, at: number) => {
    const [snapshot] = value.snapshots;
    const snapshots = [{ ...snapshot, ...change }];
    const options = { revision: at };
    const next = { ...value, snapshots };
    assert(await provider.records.put(SNAPSHOT, record!.key, next, options));
  };
  // Its position is behind an event that it does not have, before one that it
  // has, and behind the end of the log.
  for (const [index, position] of [13, 11, 15, 4000].entries()) {
    await tamper({ position }, revision + 2 * index);
    const process = open();
    assert.deepEqual(
      (await process.reads()).sum,
      15,
      `position ${position}`,
    );
    assert.equal(errors[index]?.code, "SNAPSHOT_STALE");
  }
});

test("an event that comes between the two questions of a load is in it", async () => {
  const { open, counted, provider, errors } = setUp();
  await open().add(10);
  let slipped = false;
  const racing: Provider<any> = {
    ...counted,
    getLastEventFor: async (...args) => {
      if (!slipped) await open().add(1);
      slipped = true;
      return await provider.getLastEventFor(...args);
    },
  };
  const { sum, events } = await open({ on: racing }).reads();
  assert.deepEqual([sum, events], [11, 1]);
  assert.deepEqual(errors, []);
});

test("inside a transaction a snapshot is used, and none is written", async () => {
  const { open, provider, kept, errors } = setUp();
  await open().add(12);
  const problem = new Error("rolled back");
  await assert.rejects(
    provider.transact(async (tx) => {
      const process = open();
      assert.equal((await process.add(30, "a", { tx })).sum, 42);
      assert.equal((await process.get("a", tx)).sum, 42);
      const changed = open({ fold: () => ({ sum: 0 }), check: 1 });
      await changed.get("a", tx);
      await changed.snapshots.settled();
      throw problem;
    }),
    problem,
  );
  assert.equal((await open().reads()).sum, 12);
  assert.deepEqual((await kept()).map(({ at }) => at), [12]);
  assert.deepEqual(errors, []);
});

test("inside a transaction a failed read is the caller's, and nothing is removed", async () => {
  const { open, provider, counted, kept, errors } = setUp();
  await open().add(12);
  await open().add(3);
  const problem = new Error("the transaction is aborted");
  const failing = open({
    on: {
      ...counted,
      records: {
        ...bound(counted.records!),
        get: () => Promise.reject(problem),
      },
    },
  });
  await provider.transact(async (tx) => {
    await assert.rejects(failing.get("a", tx), problem);
  });
  assert.deepEqual(errors, []);
  const [record] = await provider.records.list(SNAPSHOT);
  const { value, revision, key } = record!;
  const snapshots = [{ ...value.snapshots[0], position: 4000 }];
  await provider.records.put(SNAPSHOT, key, { ...value, snapshots }, {
    revision,
  });
  const process = open();
  await provider.transact(async (tx) => {
    assert.equal((await process.get("a", tx)).sum, 15);
    await process.snapshots.settled();
  });
  assert.equal((await kept()).length, 1);
  assert.deepEqual(errors, []);
});

test("a snapshot is read inside the transaction, or outside of any", async () => {
  const { open, provider, counted } = setUp();
  await open().add(12);
  const asked: unknown[] = [];
  const { get, snapshots } = open({
    on: {
      ...counted,
      records: {
        ...bound(counted.records!),
        get: (kind, key, options) => {
          if (kind === SNAPSHOT) asked.push(options);
          return counted.records!.get(kind, key, options);
        },
      },
    },
  });
  await get("a");
  await provider.transact(async (tx) => {
    await get("a", tx);
    assert.deepEqual(asked, [{}, { tx }]);
  });
  await snapshots.settled();
});

test("createDomain() of one aggregate keeps snapshots too", async () => {
  const { counted, kept } = setUp();
  const { command } = createDomain({
    stream: "sums",
    aggregate: (): Sum => ({ sum: 0 }),
    fold: add,
    provider: counted,
    snapshot: { version: "1", every: 10 },
  }, {
    add: ({ values }: { values: number[] }) =>
      values.map((value) => ({ type: "Added", value })),
  });
  await command.add("a", { values: Array.from({ length: 12 }, () => 1) });
  while ((await kept()).length === 0) {
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
  assert.equal((await kept())[0].at, 12);
});

test("forget() removes what was kept of an aggregate", async () => {
  const { open, kept } = setUp();
  const process = open();
  await process.add(10);
  await process.snapshots.forget("a");
  assert.deepEqual(await kept(), []);
  assert.equal((await process.reads()).events, 10);
});

test("a provider without records is refused, at once or at the first load", async () => {
  const { counted, open } = setUp();
  const { records: _, ...without } = counted;
  const refused = (error: unknown) =>
    error instanceof StoreError && error.code === "NOT_SUPPORTED" &&
    error.field === "snapshot";
  assert.throws(() => open({ on: without }), refused);
  const promised = open({ on: Promise.resolve(without) as any });
  await assert.rejects(promised.get(), refused);
  await assert.rejects(promised.add(1), refused);
});

test("options that make no sense are refused, by name", () => {
  const { open, provider } = setUp();
  const refuses = (field: string, options: object) =>
    assert.throws(
      () => open(options),
      (error) =>
        error instanceof StoreError && error.code === "INVALID_INPUT" &&
        error.field === field,
    );
  refuses("snapshot.version", { version: undefined });
  refuses("snapshot.version", { version: "" });
  refuses("snapshot.every", { every: 0 });
  refuses("snapshot.every", { every: 1.5 });
  refuses("snapshot.check", { check: -1 });
  const snapshot = { version: "1" };
  const described = { stream: "sums", create: () => ({ sum: 0 }), fold: add };
  assert.throws(
    () =>
      createAggregate({
        ...described as any,
        snapshot,
        version: "1",
        persistAggregate: true,
      }),
    (error) =>
      error instanceof StoreError && error.code === "INVALID_INPUT" &&
      error.field === "snapshot" && error.stream === "sums",
  );
  const first = createAggregate({ ...described as any, snapshot });
  const second = createAggregate({
    ...described as any,
    fold: (() => ({})) as Fold,
    snapshot,
  });
  assert.throws(
    () => createDomain({ provider }, { first, second } as any),
    /give each a version of its own/,
  );
});

test("of so many aggregates it is known when their next snapshot is due, and of no more", async () => {
  const { open, counted } = setUp();
  const records = bound(counted.records!);
  const asked: string[] = [];
  const on: Provider<any> = {
    ...counted,
    records: {
      ...records,
      get: (kind, key, options) => {
        asked.push(key);
        return records.get(kind, key, options);
      },
    },
  };
  const { snapshots } = open({ on });
  const append = (aggregateId: string, version: number) =>
    snapshots.appended(on, { aggregateId, version, sum: version }, version);
  const asksFor = async (id: string) => {
    await snapshots.settled();
    asked.length = 0;
    append(id, 11);
    await snapshots.settled();
    return asked.length > 0;
  };
  append("first", 10);
  assert.equal(await asksFor("first"), false);
  for (let index = 1; index < 10_000; index++) append(`${index}`, 10);
  assert.equal(await asksFor("first"), false);
  append("one more", 10);
  assert.equal(await asksFor("first"), true);
});

test("names of any length have snapshots of their own", async () => {
  const { open } = setUp();
  const process = open();
  const ids = ["a".repeat(400), "a".repeat(399) + "b", '","', 'a","'];
  for (const [index, id] of ids.entries()) await process.add(10 + index, id);
  for (const [index, id] of ids.entries()) {
    const expected = { sum: 10 + index, version: 10 + index, events: 0 };
    assert.deepEqual(await open().reads(id), expected);
  }
});

function bound<T extends object>(target: T): T {
  const copy = { ...target };
  for (const name of ["get", "list", "due", "put", "remove"] as const) {
    const method = (target as any)[name];
    (copy as any)[name] = method.bind(target);
  }
  return copy;
}
