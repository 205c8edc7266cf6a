import {
  createAggregate,
  createCommands,
  createDomain,
  createHandler,
  createUpcasters,
  StoreError,
} from "evtstore";
import { createProvider } from "evtstore/provider/memory";
import assert from "node:assert/strict";
import { test } from "node:test";
import type { EventMeta } from "./event.ts";
import type { Provider } from "./provider.ts";

type Today =
  | { type: "Registered"; first: string; last: string }
  | { type: "Verified" }
  | { type: "Left"; why: string };
type Stored =
  | Today
  | { type: "Registered"; name: string }
  | { type: "SignedUp"; fullName: string; verified: boolean }
  | { type: "Pinged" };

const upcast = createUpcasters<Stored, Today>({
  Registered(event) {
    if (!("name" in event)) return event;
    const [first = "", last = ""] = event.name.split(" ");
    return { type: "Registered", first, last };
  },
  SignedUp: ({ fullName, verified }) => [
    { type: "Registered", name: fullName },
    ...(verified ? [{ type: "Verified" } as const] : []),
  ],
  Pinged: () => [],
});

type User = { names: string[]; verified: boolean; seen: string[] };

const described = {
  stream: "users",
  create: (): User => ({ names: [], verified: false, seen: [] }),
  fold: (event: Today, { names, seen, version }: User & { version: number }, {
    version: at,
    part,
  }: EventMeta) => {
    const before = [...seen, `${event.type} ${version} ${at} ${part}`];
    return event.type === "Registered"
      ? { names: [...names, `${event.first}+${event.last}`], seen: before }
      : { verified: true, seen: before };
  },
};
const user = createAggregate({ ...described, upcast });

async function store(
  provider: Provider<any>,
  id: string,
  events: Stored[],
  stream = "users",
) {
  const last = await provider.getLastEventFor(stream, id);
  const version = (last?.version ?? 0) + 1;
  const created = provider.createEvents(stream, id, version, events);
  return await provider.append(stream, id, version, created);
}

async function all<T>(events: AsyncIterable<T>): Promise<T[]> {
  const read: T[] = [];
  for await (const event of events) read.push(event);
  return read;
}

const history: Stored[] = [
  { type: "SignedUp", fullName: "Ada Byron", verified: true },
  { type: "Pinged" },
  { type: "Registered", name: "Ada Lovelace" },
  { type: "Registered", first: "A", last: "L" },
  { type: "Pinged" },
];

test("a fold sees what events are today: chains, several, and none", async () => {
  const provider = createProvider();
  await store(provider, "ada", history);
  const { domain } = createDomain({ provider }, { user });
  const loaded = await domain.user.getAggregate("ada");
  assert.deepEqual(loaded.names, ["Ada+Byron", "Ada+Lovelace", "A+L"]);
  assert.equal(loaded.verified, true);
  assert.equal(loaded.version, 5);
  assert.deepEqual(loaded.seen, [
    "Registered 0 1 0",
    "Verified 0 1 1",
    "Registered 2 3 undefined",
    "Registered 3 4 undefined",
  ]);
  const stored = await provider.getEventsFor("users", "ada");
  assert.deepEqual(stored.map(({ event }) => event), history);
});

test("a command goes on from old events, and appends behind them", async () => {
  const provider = createProvider();
  await store(provider, "ada", history);
  const { domain } = createDomain({ provider }, { user });
  const { rename } = createCommands(domain.user, {
    rename: (_: object, { names }) => ({
      type: "Registered" as const,
      first: "Countess",
      last: String(names.length),
    }),
  });
  const renamed = await rename("ada", {});
  assert.equal(renamed.version, 6);
  assert.equal(renamed.names.at(-1), "Countess+3");
  assert.deepEqual(await domain.user.getAggregate("ada"), renamed);
});

test("handlers see what events are today, each stored one as one step", async () => {
  const provider = createProvider();
  await store(provider, "ada", history);
  const { createHandler } = createDomain({ provider }, { user });
  for (const options of [{}, { concurrency: 3 }, { transactional: true }]) {
    const handler = createHandler(JSON.stringify(options), ["users"], options);
    const seen: unknown[] = [];
    handler.handleStream("users", {
      Registered: (_id, { first }, { version, part }) =>
        seen.push([first, version, part]),
      Verified: (_id, _event, { version, part }) =>
        seen.push(["verified", version, part]),
    });
    assert.equal(await handler.runOnce(), 5);
    assert.deepEqual(seen, [
      ["Ada", 1, 0],
      ["verified", 1, 1],
      ["Ada", 3, undefined],
      ["A", 4, undefined],
    ]);
    await handler.handled("users", "ada", 5);
    assert.equal(await handler.runOnce(), 0);
  }
});

test("a batch has all that events are today, and none that is dropped", async () => {
  const provider = createProvider();
  await store(provider, "ada", history);
  const { createHandler } = createDomain({ provider }, { user });
  const handler = createHandler("batches", ["users"]);
  const batches: unknown[] = [];
  handler.handleBatch((events) => {
    batches.push(events.map(({ event, version, part }) => [
      event.type,
      version,
      part,
    ]));
  }, { size: 1 });
  assert.equal(await handler.runOnce(), 5);
  assert.deepEqual(batches, [
    [["Registered", 1, 0], ["Verified", 1, 1]],
    [["Registered", 3, undefined]],
    [["Registered", 4, undefined]],
  ]);
});

test("a failure in the second part brings the event back as a whole", async () => {
  const provider = createProvider({ onError: () => {} });
  await store(provider, "ada", history);
  const { createHandler } = createDomain({ provider }, { user });
  const handler = createHandler("parts", ["users"], {
    onFailure: "park",
    retry: { times: 0 },
  });
  const seen: string[] = [];
  let broken = true;
  handler.handleStream("users", {
    Registered: (_id, { last }) => seen.push(last),
    Verified: () => {
      if (broken) throw new Error("broken");
      seen.push("verified");
    },
  });
  await handler.runOnce();
  assert.deepEqual(seen, ["Byron"]);
  const [parked] = await handler.parked();
  assert.deepEqual([parked?.version, parked?.lastVersion], [1, 4]);
  broken = false;
  assert.equal(await handler.replay(parked!), 3);
  assert.deepEqual(seen, ["Byron", "Byron", "verified", "Lovelace", "L"]);
  assert.deepEqual(await handler.parked(), []);
});

test("an upcaster that fails is a failure of its event, and holds up no other", async () => {
  const errors: unknown[] = [];
  const provider = createProvider({ onError: (error) => errors.push(error) });
  await store(provider, "bad", [{ type: "Pinged" }]);
  await store(provider, "good", [{ type: "Verified" }]);
  const broken = createAggregate({
    ...described,
    upcast: createUpcasters<Stored, Today>({
      ...upcast.steps as any,
      Pinged: () => {
        throw new TypeError("no ping");
      },
    }),
  });
  const { domain, createHandler } = createDomain({ provider }, { broken });
  const isFailed = (error: unknown) =>
    error instanceof StoreError && error.code === "INVALID_EVENT" &&
    error.field === "upcast.Pinged" && error.aggregateId === "bad" &&
    (error.cause as Error).message === "no ping" &&
    /version 1 of "bad" in stream "users"/.test(error.message);
  await assert.rejects(domain.broken.getAggregate("bad"), isFailed);
  const handler = createHandler("failing", ["users"], {
    onFailure: "park",
    retry: { times: 0 },
  });
  const seen: string[] = [];
  handler.handle("users", "Verified", (id) => seen.push(id));
  await handler.runOnce();
  assert.deepEqual(seen, ["good"]);
  assert.equal((await handler.parked())[0]?.aggregateId, "bad");
  assert(isFailed((errors[0] as Error & { cause: unknown }).cause));
});

test("an upcaster that gives no event is refused", async () => {
  for (
    const [made, reason] of [
      [undefined, /to drop one, return \[\]/],
      [[{ type: "Verified" }, null], /no event/],
      [Promise.resolve({ type: "Verified" }), /synchronous/],
    ] as const
  ) {
    const provider = createProvider();
    await store(provider, "a", [{ type: "Pinged" }]);
    const upcast = createUpcasters<any, any>({ Pinged: () => made as any });
    const { domain } = createDomain({ provider }, {
      user: createAggregate({ ...described, upcast }),
    });
    await assert.rejects(domain.user.getAggregate("a"), reason);
  }
  assert.throws(
    () => createUpcasters<any, any>({ Pinged: 1 as any }),
    (error) =>
      error instanceof StoreError && error.code === "INVALID_INPUT" &&
      error.field === "upcast.Pinged",
  );
});

test("an upcaster is called once on the way of an event, and with a copy", async () => {
  const provider = createProvider();
  await store(provider, "a", [{ type: "Verified" }]);
  const upcast = createUpcasters<any, any>({
    Verified: (event) => {
      event.type = "Pinged";
      return { ...event, hops: 1 };
    },
    Pinged: ({ hops }) => ({ type: "Verified", hops: hops + 1 }),
  });
  const { readEvents } = createDomain({ provider }, {
    user: createAggregate({ ...described, upcast }),
  });
  const [only] = await all(readEvents(["users"]));
  assert.deepEqual(only!.event, { type: "Verified", hops: 2 });
  const [stored] = await provider.getEventsFor("users", "a");
  assert.deepEqual(stored!.event, { type: "Verified" });
});

test("readEvents() gives today's events over pages, from where one says", async () => {
  const provider = createProvider({ limit: 2 });
  await store(provider, "ada", history);
  await store(provider, "bob", [{ type: "Pinged" }, { type: "Verified" }]);
  const { readEvents } = createDomain({ provider }, { user });
  const read = await all(readEvents(["users"]));
  assert.deepEqual(
    read.map(({ aggregateId, version, part, event }) =>
      `${aggregateId} ${version} ${part} ${event.type}`
    ),
    [
      "ada 1 0 Registered",
      "ada 1 1 Verified",
      "ada 3 undefined Registered",
      "ada 4 undefined Registered",
      "bob 2 undefined Verified",
    ],
  );
  const after = read[2]!.position;
  const rest = await all(readEvents(["users"], { after }));
  assert.deepEqual(rest, read.slice(3));
});

test("a domain of one aggregate upcasts as well, also in handlers and reads", async () => {
  const provider = createProvider();
  await store(provider, "ada", history);
  const users = createDomain({
    stream: "users",
    aggregate: described.create,
    fold: described.fold,
    provider,
    upcast,
  }, {});
  const { aggregate } = await users.getAggregate("ada");
  assert.deepEqual(aggregate.names, ["Ada+Byron", "Ada+Lovelace", "A+L"]);
  const handler = users.handler("one");
  const seen: string[] = [];
  handler.handle("Registered", (_id, { first }) => seen.push(first));
  await handler.runOnce();
  assert.deepEqual(seen, ["Ada", "Ada", "A"]);
  const read = await all(users.readEvents());
  assert.equal(read.length, 4);
});

test("a handler without a domain is given the upcasters of its streams", async () => {
  const provider = createProvider();
  await store(provider, "ada", history);
  await store(provider, "x", [{ type: "Verified" }], "others");
  const handler = createHandler<{ users: Today; others: Today }>({
    bookmark: "bare",
    streams: ["users", "others"],
    provider,
    upcast: { users: upcast },
  });
  const seen: string[] = [];
  handler.handle("users", "Verified", (id) => seen.push(id));
  handler.handle("others", "Verified", (id) => seen.push(id));
  await handler.runOnce();
  assert.deepEqual(seen, ["ada", "x"]);
});

test("two aggregates of a stream must agree on its upcasters", () => {
  const provider = createProvider();
  const plain = createAggregate(described);
  assert.throws(
    () => createDomain({ provider }, { user, plain }),
    (error) => error instanceof StoreError && error.field === "upcast",
  );
  createDomain({ provider }, {
    user,
    other: createAggregate({ ...described, upcast }),
    elsewhere: createAggregate({ ...described, stream: "elsewhere" }),
  });
});

test("a schema validates what an event is today", async () => {
  const provider = createProvider();
  await store(provider, "ada", history);
  const first = {
    "~standard": {
      version: 1 as const,
      vendor: "test",
      validate: (value: any) =>
        typeof value.first === "string"
          ? { value: { first: value.first.toUpperCase() as string } }
          : { issues: [{ message: "Expected first" }] },
      types: undefined as unknown as {
        input: { first: string };
        output: { first: string };
      },
    },
  };
  const { domain, createHandler, readEvents } = createDomain({ provider }, {
    user: createAggregate({
      stream: "users",
      create: () => ({ first: "" }),
      fold: ({ first }) => ({ first }),
      schema: { Registered: first },
      validateOnRead: true,
      upcast: createUpcasters<Stored, { type: "Registered"; first: string }>({
        ...upcast.steps as any,
        Verified: () => [],
      }),
    }),
  });
  assert.equal((await domain.user.getAggregate("ada")).first, "A");
  const handler = createHandler("schemas", ["users"]);
  const seen: string[] = [];
  handler.handle("users", "Registered", (_id, { first }) => seen.push(first));
  await handler.runOnce();
  assert.deepEqual(seen, ["ADA", "ADA", "A"]);
  const read = await all(readEvents(["users"]));
  assert.deepEqual(read.map(({ event }) => event.first), seen);
});

for (const kept of ["snapshot", "persistAggregate"] as const) {
  test(`${kept}: what other upcasters have led to is not used`, async () => {
    const memory = createProvider();
    let reads = 0;
    const provider: Provider<any> = {
      ...memory,
      getEventsFor: async (...args) => {
        const events = await memory.getEventsFor(...args);
        reads += events.length;
        return events;
      },
    };
    const options = kept === "snapshot"
      ? { snapshot: { version: "1", every: 1, check: 0 } }
      : { persistAggregate: true, version: "1" };
    const domainOf = (upper: boolean) => {
      const steps = upper
        ? {
          Registered: ({ first }: any) => ({
            type: "Registered",
            first,
            last: "NEW",
          }),
        }
        : {
          Registered: ({ first }: any) => ({
            type: "Registered",
            first,
            last: "OLD",
          }),
        };
      const user = createAggregate({
        ...described,
        ...options,
        upcast: createUpcasters<any, any>(steps),
      });
      const { domain } = createDomain({ provider }, { user });
      return domain.user;
    };
    const before = domainOf(false);
    const commands = createCommands(before, {
      register: () => ({ type: "Registered" as const, first: "Ada", last: "" }),
    });
    await commands.register("ada", {});
    await before.snapshots?.settled();
    assert.deepEqual((await before.getAggregate("ada")).names, ["Ada+OLD"]);
    const after = await domainOf(true).getAggregate("ada");
    assert.deepEqual(after.names, ["Ada+NEW"]);
    reads = 0;
    const same = await domainOf(false).getAggregate("ada");
    assert.deepEqual(same.names, ["Ada+OLD"]);
    assert.equal(reads, 0, "what the same upcasters have led to is used");
  });
}
