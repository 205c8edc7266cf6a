import { ReservationError, StoreError, VersionError } from "evtstore";
import { createProvider } from "evtstore/provider/memory";
import assert from "node:assert/strict";
import { test } from "node:test";
import { appendClaiming } from "./claimed_append.ts";
import type { CheckedClaims } from "./claims.ts";
import type { Provider } from "./provider.ts";

const own = { stream: "m", aggregateId: "me", version: 0 };

/** A store that tells in which order it was asked, and inside what. */
function setUp() {
  const memory = createProvider();
  const { records: all } = memory;
  const calls: string[] = [];
  const outside: string[] = [];
  const note = (name: string, tx: unknown) => {
    calls.push(name);
    if (tx === undefined) outside.push(name);
  };
  const provider: Provider<any> = {
    ...memory,
    hold(stream, id, version, { tx }) {
      note(`hold ${stream}/${id}`, tx);
      return memory.hold(stream, id, version, { tx });
    },
    records: {
      get: (...args) => all.get(...args),
      list: (...args) => all.list(...args),
      due: (...args) => all.due(...args),
      put(kind, key, value, options) {
        note(`put ${(value as { key: string }).key}`, options.tx);
        return all.put(kind, key, value, options);
      },
      remove(kind, key, options) {
        note("remove", options?.tx);
        return all.remove(kind, key, options);
      },
    },
  };
  const run = (
    claims: Partial<CheckedClaims>,
    append: (tx: unknown) => Promise<unknown> = async () => "done",
    tx?: unknown,
    on = provider,
  ) =>
    appendClaiming(on, {
      own,
      claims: { requires: [], reserve: [], release: [], ...claims },
      append,
    }, tx);
  const take = async (key: string, aggregateId: string) => {
    await appendClaiming(provider, {
      own: { ...own, aggregateId },
      claims: { requires: [], reserve: [key], release: [] },
      append: async () => {},
    }, undefined);
    calls.length = 0;
  };
  const keys = async () =>
    (await all.list("evtstore.reservation"))
      .map(({ value }) => `${value.key} ${value.aggregateId}`).sort();
  return { memory, provider, calls, outside, run, take, keys };
}

test("all commands lock in one order, so that none wait in a circle", async () => {
  const { run, calls, outside } = setUp();
  const requires = ["z", "a", "n"].map((stream) => ({ ...own, stream }));
  requires.push({ ...own, aggregateId: "a" });
  await run({ requires, reserve: ["k3", "k1"], release: ["k4", "k2"] });
  assert.deepEqual(calls, [
    "hold a/me",
    "hold m/a",
    "hold m/me",
    "hold n/me",
    "hold z/me",
    "put k1",
    "put k3",
  ]);
  assert.deepEqual(outside, []);
});

test("a key of the same id in another stream is another's", async () => {
  const { run, provider, keys } = setUp();
  await appendClaiming(provider, {
    own: { ...own, stream: "other" },
    claims: { requires: [], reserve: ["k"], release: [] },
    append: async () => {},
  }, undefined);
  await run({ release: ["k"] });
  assert.deepEqual(await keys(), ["k me"]);
  await assert.rejects(run({ reserve: ["k"] }), ReservationError);
});

test("only what is claimed is asked for", async () => {
  const { run, calls, provider } = setUp();
  const { hold: _hold, ...withoutHold } = provider;
  await run({ reserve: ["k"] }, undefined, undefined, withoutHold);
  assert.deepEqual(calls, ["put k"]);
  const { records: _records, ...withoutRecords } = provider;
  const requires = [{ ...own, stream: "a" }];
  await run({ requires }, undefined, undefined, withoutRecords);
  assert.deepEqual(calls.slice(1), ["hold a/me", "hold m/me"]);
});

test("who is behind is told apart: the command's own aggregate, or another", async () => {
  const { run, memory } = setUp();
  for (const stream of ["a", "m"]) {
    const events = memory.createEvents(stream, "me", 1, [{ type: "Done" }]);
    await memory.append(stream, "me", 1, events);
  }
  await assert.rejects(run({ requires: [{ ...own, stream: "a" }] }), {
    name: "RequirementError",
    code: "REQUIREMENT_FAILED",
    ...{ stream: "a", aggregateId: "me" },
    ...{ requiredVersion: 0, actualVersion: 1 },
  });
  await assert.rejects(
    run({ requires: [{ ...own, stream: "b" }] }),
    (error) =>
      error instanceof VersionError && error.expectedVersion === 0 &&
      error.actualVersion === 1,
  );
});

test("in a caller's transaction that goes on, a refusal has changed nothing", async () => {
  const { run, take, keys, memory, calls } = setUp();
  for (const key of ["k1", "k2"]) await take(key, "me");
  await take("k3", "other");
  const outcome = await memory.transact(async (tx) => {
    const claims = { reserve: ["k0", "k2", "k3"], release: ["k1"] };
    try {
      await run(claims, undefined, tx);
    } catch (error) {
      return error;
    }
  });
  assert(outcome instanceof ReservationError);
  assert.equal(outcome.name, "ReservationError");
  assert.equal(outcome.code, "ALREADY_RESERVED");
  assert.deepEqual(await keys(), ["k1 me", "k2 me", "k3 other"]);
  assert.deepEqual(calls, [
    "put k0",
    "remove",
    "put k2",
    "put k3",
    // Put back in the order in which the locks may be given up.
    "put k1",
    "remove",
  ]);
});

test("also one that the append is refused with, and what cannot be put back", async () => {
  const { run, keys, memory, provider } = setUp();
  const refusal = new Error("another version");
  const refuse = () => Promise.reject(refusal);
  await memory.transact(async (tx) => {
    await assert.rejects(run({ reserve: ["k"] }, refuse, tx), refusal);
  });
  assert.deepEqual(await keys(), []);
  const broken: Provider<any> = {
    ...provider,
    records: {
      ...provider.records!,
      remove: () => Promise.reject(new Error("no connection")),
    },
  };
  await memory.transact(async (tx) => {
    await assert.rejects(run({ reserve: ["k"] }, refuse, tx, broken), refusal);
  });
});

test("a transaction that lost is run again, five times and no more", async () => {
  const conflict = new StoreError("TRANSACTION_CONFLICT", "it lost", {});
  for (const [failures, expected] of [[5, "done"], [6, conflict]] as const) {
    const { run } = setUp();
    let tries = 0;
    const outcome = await run({ reserve: ["k"] }, () => {
      if (tries++ < failures) return Promise.reject(conflict);
      return Promise.resolve("done");
    }).catch((error) => error);
    assert.equal(outcome, expected);
    assert.equal(tries, 6);
  }
});

test("what is no conflict is passed on at once", async () => {
  const problems = [
    new Error("no connection"),
    Object.assign(new Error("as a driver says it"), {
      code: "TRANSACTION_CONFLICT",
    }),
    new StoreError("INVALID_INPUT", "not that", {}),
  ];
  for (const problem of problems) {
    const { run } = setUp();
    let tries = 0;
    await assert.rejects(
      run({ reserve: ["k"] }, () => {
        tries++;
        return Promise.reject(problem);
      }),
      problem,
    );
    assert.equal(tries, 1);
  }
});
