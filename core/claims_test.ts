import {
  CommandError,
  createAggregate,
  createCommands,
  createDomain,
  createDomainV1,
  findReservation,
  type Provider,
  type Records,
  RequirementError,
  ReservationError,
  StoreError,
  VersionError,
} from "evtstore";
import { createProvider, type MemoryProvider } from "evtstore/provider/memory";
import assert from "node:assert/strict";
import { test } from "node:test";
import { type Claims, mayDecideAgain } from "./claims.ts";

type Registered = { type: "Registered"; email: string };

const user = createAggregate({
  stream: "users",
  create: () => ({ email: "", count: 0 }),
  fold: (event: Registered, { count }) => ({
    email: event.email,
    count: count + 1,
  }),
});

function setUp(
  provider: Provider<any> = createProvider(),
  options: { useCache?: boolean | "optimistic"; retries?: number } = {},
) {
  const { retries = 0, ...store } = options;
  const { domain } = createDomain({ provider, ...store }, { user });
  const decided: string[] = [];
  const users = createCommands(domain.user, {
    register({ email }: { email: string }) {
      decided.push(email);
      return { type: "Registered", email };
    },
    claim(cmd: Claims & { email?: string; events?: Registered[] }) {
      const { email = "", events, ...claims } = cmd;
      decided.push(email);
      return {
        events: events ?? { type: "Registered", email },
        reserve: claims.reserve ?? [],
        release: claims.release ?? [],
        requires: claims.requires ?? [],
      };
    },
  }, { retries });
  return { users, provider, decided, domain };
}

/** The records of a provider, some of them otherwise. */
function onRecords(
  { records }: MemoryProvider<any>,
  otherwise: Partial<Records>,
): Records {
  return new Proxy(records, {
    get: (target, key) =>
      Reflect.get(otherwise, key) ?? Reflect.get(target, key).bind(target),
  });
}

const other = { stream: "users", aggregateId: "other" };

test("claims that cannot be are refused by name, before anything is read", async () => {
  const long = "é".repeat(257);
  const refused: [unknown, string][] = [
    [{ requires: "other" }, "requires"],
    [{ requires: [undefined] }, "requires[0].stream"],
    [{ requires: [{ ...other, version: 0 }, {}] }, "requires[1].stream"],
    [
      { requires: [{ stream: "s", aggregateId: "" }] },
      "requires[0].aggregateId",
    ],
    [{ requires: [{ ...other, version: -1 }] }, "requires[0].version"],
    [{ requires: [{ ...other, version: 1.5 }] }, "requires[0].version"],
    [{ requires: [{ ...other, version: "1" }] }, "requires[0].version"],
    [
      { requires: [{ ...other, aggregateId: "ada", version: 0 }] },
      "requires[0]",
    ],
    [{ reserve: "key" }, "reserve"],
    [{ reserve: ["key", ""] }, "reserve[1]"],
    [{ reserve: [long] }, "reserve[0]"],
    [{ reserve: ["a\0b"] }, "reserve[0]"],
    [{ release: "key" }, "release"],
    [{ release: [7] }, "release[0]"],
    [{ release: ["\ud800"] }, "release[0]"],
    [{ reserve: ["a", "b"], release: ["c", "b"] }, "release"],
  ];
  for (const [claims, field] of refused) {
    const { users, provider, decided } = setUp();
    const isRefused = (error: unknown) =>
      error instanceof StoreError && error.code === "INVALID_INPUT" &&
      error.field === field;
    await assert.rejects(
      users.register("ada", { email: "a" }, claims as Claims),
      isRefused,
      field,
    );
    assert.deepEqual(decided, [], field);
    await assert.rejects(users.claim("ada", claims as Claims), isRefused);
    assert.equal(await provider.getLastEventFor("users"), undefined);
  }
});

test("an aggregate of its id in another stream may be required, and that needs no records", async () => {
  const { records: _, ...provider } = createProvider();
  const { users } = setUp(provider);
  const requires = [{ stream: "accounts", aggregateId: "ada", version: 0 }];
  assert.equal((await users.claim("ada", { requires })).version, 1);
});

test("claims of the caller and of the command handler add up", async () => {
  const { users, provider } = setUp();
  await users.claim("ada", { email: "a", reserve: ["one", "two"] }, {
    reserve: ["two", "three"],
    requires: [{ ...other, version: 0 }],
  });
  for (const key of ["one", "two", "three"]) {
    const found = await findReservation(provider, key);
    assert.deepEqual(found, { key, stream: "users", aggregateId: "ada" });
  }
  await assert.rejects(
    users.claim("bob", { requires: [{ ...other, version: 0 }] }, {
      requires: [{ ...other, version: 1 }],
    }),
    RequirementError,
  );
  await assert.rejects(
    users.claim("ada", { reserve: ["four"] }, { release: ["four"] }),
    { code: "INVALID_INPUT", field: "release" },
  );
  assert.equal(await findReservation(provider, "four"), undefined);
});

test("empty claims need nothing of a provider, and no transaction", async () => {
  const { transact: _, hold: __, records: ___, ...rest } = createProvider();
  const { users } = setUp(rest);
  await users.claim("ada", {});
  await users.register("ada", { email: "a" }, { reserve: [], requires: [] });
  const lacks: [Claims, Partial<Provider<any>>, RegExp][] = [
    [{ reserve: ["a"] }, {}, /use reserve: the memory provider has no trans/],
    [{ requires: [{ ...other, version: 0 }] }, {}, /use requires: .*no trans/],
    [
      { requires: [{ ...other, version: 0 }] },
      { transact: createProvider().transact },
      /use requires: the memory provider cannot keep others from/,
    ],
    [
      { release: ["a"] },
      { transact: createProvider().transact },
      /use release: the memory provider has no records/,
    ],
  ];
  for (const [claims, more, reason] of lacks) {
    const { users } = setUp({ ...rest, ...more });
    await assert.rejects(
      users.register("ada", { email: "a" }, claims),
      (error: StoreError) => {
        assert.equal(error.code, "NOT_SUPPORTED");
        assert.equal(error.field, Object.keys(claims)[0]);
        assert.match(error.message, reason);
        return true;
      },
    );
  }
  await assert.rejects(findReservation(rest, "a"), {
    code: "NOT_SUPPORTED",
    field: "key",
  });
  await assert.rejects(findReservation(createProvider(), ""), {
    code: "INVALID_INPUT",
    field: "key",
  });
});

test("an event that has a property `events` is an event", async () => {
  const { domain } = createDomain({ provider: createProvider() }, {
    log: createAggregate({
      stream: "logs",
      create: () => ({ events: 0 }),
      fold: (event: { type: "Logged"; events: number }) => event,
    }),
  });
  const logs = createCommands(domain.log, {
    log: (cmd: { events: number }) => ({ type: "Logged", events: cmd.events }),
  });
  assert.equal((await logs.log("a", { events: 3 })).events, 3);
});

test("a domain of one aggregate has claims too, also of a loaded one", async () => {
  const provider = createProvider();
  const users = createDomainV1({
    provider,
    stream: "users",
    aggregate: () => ({ email: "" }),
    fold: (event: Registered) => ({ email: event.email }),
    retries: 3,
  }, {
    register: ({ email }: { email: string }, { email: old }) => ({
      events: { type: "Registered", email },
      reserve: [email],
      release: old ? [old] : [],
    }),
  });
  await users.command.register("ada", { email: "a" });
  const ada = await users.getAggregate("ada");
  const bob = await users.getAggregate("bob");
  await assert.rejects(bob.register({ email: "a" }), ReservationError);
  await ada.register({ email: "b" });
  assert.equal((await findReservation(provider, "b"))?.aggregateId, "ada");
  await bob.register({ email: "a" });
  assert.equal((await findReservation(provider, "a"))?.aggregateId, "bob");
  // Decided on the old version, in which the key was still its own.
  await assert.rejects(ada.register({ email: "c" }), VersionError);
  assert.equal(await findReservation(provider, "c"), undefined);
  assert.equal((await findReservation(provider, "a"))?.aggregateId, "bob");
});

test("a key that changed hands behind a command's back ends its transaction", async () => {
  const good = createProvider();
  const others = setUp(good).users;
  let isBehind = false;
  const { users } = setUp({
    ...good,
    // As on a database where others commit between the look and the removal.
    transact: (work) => work(undefined as any),
    records: onRecords(good, {
      async get(kind, key, options) {
        const found = await good.records.get(kind, key, options);
        if (isBehind) return found;
        isBehind = true;
        await others.claim("ada", { release: ["key"] });
        await others.claim("bob", { reserve: ["key"] });
        return found;
      },
    }),
  });
  await others.claim("ada", { reserve: ["key"] });
  await assert.rejects(
    users.claim("ada", { release: ["key"] }),
    VersionError,
  );
  assert(isBehind);
});

test("what a transaction lost against another one is run again, as a whole", async () => {
  for (const failures of [2, 9]) {
    const good = createProvider();
    let runs = 0;
    const { users, decided } = setUp({
      ...good,
      transact: (work) =>
        good.transact(async (tx) => {
          const result = await work(tx);
          if (runs++ < failures) {
            throw new StoreError("TRANSACTION_CONFLICT", "deadlock");
          }
          return result;
        }),
    });
    const command = users.claim("ada", { reserve: ["key"] });
    if (failures === 2) assert.equal((await command).version, 1);
    else await assert.rejects(command, { code: "TRANSACTION_CONFLICT" });
    assert.equal(runs, failures === 2 ? 3 : 6);
    assert.equal(decided.length, 1);
    const { length } = await good.getEventsFor("users", "ada");
    assert.equal(length, failures === 2 ? 1 : 0);
  }
});

test("a record that another transaction is at is a conflict, not a refusal", async () => {
  const good = createProvider();
  let isTaken = true;
  const { users } = setUp({
    ...good,
    records: onRecords(good, {
      // Somebody else's, which this transaction does not see.
      put: async (...args) => {
        if (isTaken) return isTaken = false;
        return await good.records.put(...args);
      },
    }),
  });
  assert.equal((await users.claim("ada", { reserve: ["key"] })).version, 1);
  assert.equal((await findReservation(good, "key"))?.aggregateId, "ada");
});

test("a transaction that cannot be put right passes on why it was refused", async () => {
  const good = createProvider();
  const { users } = setUp({
    ...good,
    records: onRecords(good, {
      remove: () => Promise.reject(new Error("the transaction is over")),
    }),
  });
  await users.claim("bob", { reserve: ["b"] });
  await assert.rejects(
    good.transact((tx) => users.claim("ada", { reserve: ["a", "b"] }, { tx })),
    ReservationError,
  );
  assert.equal(await findReservation(good, "a"), undefined);
});

test("an optimistic command that claims on an old aggregate decides again", async () => {
  const provider = createProvider();
  const here = setUp(provider, { useCache: "optimistic" });
  const there = setUp(provider);
  const users = createCommands(here.domain.user, {
    take(_cmd: Record<never, never>, { version }) {
      if (version > 1) throw new CommandError("Not any more", "LATE");
      return {
        events: { type: "Registered", email: "" },
        reserve: ["key"],
      };
    },
  });
  await here.users.register("ada", { email: "a" });
  await there.users.claim("bob", { reserve: ["key"] });
  await assert.rejects(users.take("ada", {}), ReservationError);
  // Its copy in memory is old by now.
  await here.users.register("ada", { email: "a" });
  await assert.rejects(users.take("ada", {}), { code: "LATE" });
  let loads = 0;
  const next = setUp({
    ...provider,
    getEventsFor(...args) {
      loads++;
      return provider.getEventsFor(...args);
    },
  }, { useCache: "optimistic" });
  await next.users.register("eve", { email: "e" });
  await there.users.register("eve", { email: "e" });
  const late = createCommands(next.domain.user, {
    take: (_cmd: Record<never, never>, { version }) =>
      version > 1 ? [] : {
        events: { type: "Registered", email: "" },
        reserve: ["key"],
      },
  });
  loads = 0;
  assert.equal((await late.take("eve", {})).version, 2);
  assert.equal(loads, 1, "what is new is read once");
});

test("a command without claims opens no transaction", async () => {
  const good = createProvider();
  const refuse = () => Promise.reject(new Error("not needed"));
  const { users } = setUp({ ...good, transact: refuse, hold: refuse });
  assert.equal((await users.register("ada", { email: "a" })).version, 1);
});

test("what was stored with claims is in the cache, and read from it", async () => {
  const good = createProvider();
  let reads = 0;
  const { users, domain } = setUp({
    ...good,
    getEventsFor: async (...args) => {
      const events = await good.getEventsFor(...args);
      reads += events.length;
      return events;
    },
  }, { useCache: true });
  await users.claim("ada", { reserve: ["a"] });
  await users.claim("ada", { reserve: ["b"] });
  assert.equal((await domain.user.getAggregate("ada")).count, 2);
  assert.equal(reads, 0);
});

test("deciding again helps a command that read the other aggregate itself", () => {
  const refused = new RequirementError({
    ...{ stream: "users", aggregateId: "ada" },
    ...{ requiredVersion: 2, actualVersion: 3 },
  });
  const own = { stream: "users", aggregateId: "ada", version: 2 };
  const others = [
    { ...own, stream: "groups" },
    { ...own, aggregateId: "bob" },
    { ...own, version: 3 },
  ];
  assert.equal(mayDecideAgain(refused, {}), true);
  assert.equal(mayDecideAgain(refused, { requires: others }), true);
  assert.equal(mayDecideAgain(refused, { requires: [...others, own] }), false);
  assert.equal(mayDecideAgain(new Error("no"), {}), false);
});
