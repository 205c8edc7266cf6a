import {
  createAggregate,
  createCommands,
  createDomain,
  createHandler,
  createMemoryKeys,
  createUpcasters,
  StoreError,
  type StoreOptions,
  type SubjectKeys,
} from "evtstore";
import { createProvider } from "evtstore/provider/memory";
import { spec } from "evtstore/spec";
import assert from "node:assert/strict";
import { test } from "node:test";
import type { Provider } from "./provider.ts";

type UserEvent =
  | { type: "Registered"; email: string | null; plan: string }
  | { type: "Moved"; address: { street: string } | null }
  | { type: "Paid"; cents: number };
type User = { email: string | null; street: string; cents: number };

const described = {
  stream: "users",
  create: (): User => ({ email: "", street: "", cents: 0 }),
  fold: (event: UserEvent, user: User) => {
    switch (event.type) {
      case "Registered":
        return { email: event.email };
      case "Moved":
        return { street: event.address?.street ?? "(forgotten)" };
      case "Paid":
        return { cents: user.cents + event.cents };
    }
  },
};
const fields = { Registered: { email: null }, Moved: { address: null } };
const user = createAggregate({ ...described, personal: { fields } });

const handlers = {
  register: ({ email }: { email: string | null }) => ({
    type: "Registered" as const,
    email,
    plan: "free",
  }),
  move: ({ street }: { street: string }) => ({
    type: "Moved" as const,
    address: { street },
  }),
  pay: ({ cents }: { cents: number }) => ({ type: "Paid" as const, cents }),
};

function open(options: StoreOptions & { of?: typeof user }) {
  const { of = user, ...opts } = options;
  const made = createDomain(opts, { user: of });
  return { ...made, users: createCommands(made.domain.user, handlers) };
}

const refused = (code: string, field?: string) => (error: unknown) =>
  error instanceof StoreError && error.code === code &&
  (field === undefined || error.field === field);

async function all<T>(events: AsyncIterable<T>): Promise<T[]> {
  const read: T[] = [];
  for await (const event of events) read.push(event);
  return read;
}

/** All that is stored, as text. */
async function dump(provider: Provider<any>): Promise<string> {
  const start = await provider.getPosition("nobody's");
  const kinds = ["evtstore.snapshot", "evtstore.parked"];
  return JSON.stringify([
    await provider.getEventsFrom(["users", "orders"], start),
    ...await Promise.all(kinds.map((kind) => provider.records!.list(kind))),
  ]);
}

test("personal fields are encrypted in the log, and nowhere else", async () => {
  const provider = createProvider();
  const { domain, users, createHandler, readEvents } = open({ provider });
  const made = await users.register("ada", { email: "ada@example.org" });
  assert.equal(made.email, "ada@example.org");
  await users.move("ada", { street: "Long Lane" });
  const log = await dump(provider);
  assert(!log.includes("example.org") && !log.includes("Long Lane"), log);
  assert(log.includes("free"));
  const loaded = await domain.user.getAggregate("ada");
  assert.equal(loaded.email, "ada@example.org");
  assert.equal(loaded.street, "Long Lane");
  const handler = createHandler("emails", ["users"]);
  const seen: unknown[] = [];
  handler.handle("users", "Registered", (_id, { email }) => seen.push(email));
  await handler.runOnce();
  assert.deepEqual(seen, ["ada@example.org"]);
  const [, moved] = await all(readEvents(["users"]));
  assert.deepEqual(moved!.event, {
    type: "Moved",
    address: { street: "Long Lane" },
  });
});

test("forget() makes them unreadable, in every process, whatever it holds", async () => {
  const provider = createProvider();
  // Keys held apart: as two processes have them.
  const records = provider.records!;
  const elsewhere: Provider<any> = {
    ...provider,
    records: { ...bound(records) },
  };
  const [here, there] = [open({ provider }), open({ provider: elsewhere })];
  await here.users.register("ada", { email: "ada@example.org" });
  await here.users.register("bob", { email: "bob@example.org" });
  for (const { domain } of [here, there]) {
    const { email } = await domain.user.getAggregate("ada");
    assert.equal(email, "ada@example.org");
  }
  await here.forget("ada");
  for (const { domain, readEvents, createHandler } of [here, there]) {
    assert.equal((await domain.user.getAggregate("ada")).email, null);
    const read = await all(readEvents(["users"]));
    assert.deepEqual(
      read.map(({ event }) => event.type === "Registered" && event.email),
      [null, "bob@example.org"],
    );
    const handler = createHandler(crypto.randomUUID(), ["users"]);
    const seen: unknown[] = [];
    handler.handleBatch((events) => {
      for (const { event } of events) {
        seen.push(event.type === "Registered" && event.email);
      }
    });
    await handler.runOnce();
    assert.deepEqual(seen, [null, "bob@example.org"]);
  }
  for (const { users } of [here, there]) {
    await assert.rejects(
      users.move("ada", { street: "Long Lane" }),
      refused("SUBJECT_FORGOTTEN", "address"),
    );
    // What is not personal, and the placeholder, can be stored.
    await users.pay("ada", { cents: 1 });
    await users.register("ada", { email: null });
  }
  assert.equal((await here.domain.user.getAggregate("ada")).cents, 2);
});

function bound(records: any) {
  const names = ["get", "list", "due", "put", "remove"] as const;
  return Object.fromEntries(
    names.map((name) => [name, records[name].bind(records)]),
  ) as any;
}

test("a ciphertext is bound to its stream, aggregate, version and field", async () => {
  const provider = createProvider();
  const keys = createMemoryKeys();
  const both = {
    ...user,
    personal: { fields, subject: () => "one for all" },
  };
  const { domain, users } = open({ provider, keys, of: both });
  await users.register("ada", { email: "ada@example.org" });
  const [stored] = await provider.getEventsFor("users", "ada");
  const put = async (id: string, version: number, event: object) => {
    const [made] = provider.createEvents("users", id, version, [event as any]);
    await provider.append("users", id, version, [made!]);
    await assert.rejects(
      domain.user.getAggregate(id),
      refused("CANNOT_DECRYPT"),
    );
  };
  await put("eve", 1, stored!.event);
  await put("ada", 2, stored!.event);
  const orders = createAggregate({
    ...described,
    stream: "orders",
    personal: both.personal,
  });
  const other = createDomain({ provider, keys }, { orders });
  const [moved] = provider.createEvents("orders", "ada", 1, [stored!.event]);
  await provider.append("orders", "ada", 1, [moved!]);
  await assert.rejects(
    other.domain.orders.getAggregate("ada"),
    refused("CANNOT_DECRYPT", "email"),
  );
  await put("field", 1, { type: "Moved", address: stored!.event.email });
  const flipped = structuredClone(stored!.event);
  const text = flipped.email["evtstore:sealed"];
  flipped.email["evtstore:sealed"] = (text[20] === "A" ? "B" : "A") +
    text.slice(1);
  await put("flipped", 1, flipped);
});

test("what cannot be decrypted fails for its event, and holds up no other", async () => {
  const provider = createProvider({ onError: () => {} });
  const { users } = open({ provider, keys: createMemoryKeys() });
  await users.register("ada", { email: "ada@example.org" });
  const { users: others, createHandler, domain } = open({ provider });
  await others.register("bob", { email: "bob@example.org" });
  await assert.rejects(
    domain.user.getAggregate("ada"),
    (error: Error) =>
      refused("CANNOT_DECRYPT")(error) && /no key of "ada"/.test(error.message),
  );
  const handler = createHandler("emails", ["users"], {
    onFailure: "park",
    retry: { times: 0 },
  });
  const seen: unknown[] = [];
  handler.handle("users", "Registered", (_id, { email }) => seen.push(email));
  await handler.runOnce();
  assert.deepEqual(seen, ["bob@example.org"]);
  const [parked] = await handler.parked();
  assert.equal(parked?.error?.code, "CANNOT_DECRYPT");
});

test("a value that looks encrypted is not stored", async () => {
  const provider = createProvider();
  const { users } = open({ provider });
  const hostile: any = { "evtstore:sealed": "AAAA", subject: "eve" };
  await assert.rejects(
    users.pay("ada", { cents: hostile }),
    refused("INVALID_INPUT", "cents"),
  );
  await assert.rejects(
    users.register("ada", { email: hostile }),
    refused("INVALID_INPUT", "email"),
  );
});

test("what was stored as plain text before is masked after forget()", async () => {
  const provider = createProvider();
  const before = createDomain({ provider }, {
    user: createAggregate(described),
  });
  const commands = createCommands(before.domain.user, handlers);
  await commands.register("ada", { email: "ada@example.org" });
  const { domain, forget } = open({ provider });
  assert.equal(
    (await domain.user.getAggregate("ada")).email,
    "ada@example.org",
  );
  await forget("ada");
  assert.equal((await domain.user.getAggregate("ada")).email, null);
});

test("forget() is repeated after a crash, until its hook has returned", async () => {
  const provider = createProvider();
  let crash = true;
  const told: string[] = [];
  const opts = {
    provider,
    onForget(subject: string) {
      told.push(subject);
      if (crash) throw new Error("crash");
    },
  };
  const first = open(opts);
  await first.users.register("ada", { email: "ada@example.org" });
  await assert.rejects(first.forget("ada"), /crash/);
  assert.equal((await first.domain.user.getAggregate("ada")).email, null);
  crash = false;
  const second = open(opts);
  assert.equal(await second.finishForgetting(), 1);
  assert.deepEqual(told, ["ada", "ada"]);
  assert.equal(await second.finishForgetting(), 0);
  // One that was never heard of is as well forgotten, and a repeat is harmless.
  await second.forget("eve");
  await second.forget("eve");
  assert.deepEqual(told, ["ada", "ada", "eve", "eve"]);
  await assert.rejects(
    second.users.register("eve", { email: "eve@example.org" }),
    refused("SUBJECT_FORGOTTEN"),
  );
});

test("a page in reserve is not decrypted before its turn", async () => {
  const provider = createProvider({ limit: 1 });
  const { users, forget, createHandler } = open({ provider });
  await users.register("bob", { email: "bob@example.org" });
  await users.register("ada", { email: "ada@example.org" });
  const handler = createHandler("emails", ["users"]);
  const seen: unknown[] = [];
  handler.handle("users", "Registered", async (id, { email }) => {
    seen.push(email);
    if (id === "bob") await forget("ada");
  });
  await handler.runOnce();
  assert.deepEqual(seen, ["bob@example.org", null]);
});

test("a snapshot is encrypted, and gone with its subject", async () => {
  const provider = createProvider();
  const of = createAggregate({
    ...described,
    personal: { fields },
    snapshot: { version: "1", every: 2, check: 1 },
  });
  const { domain, users, forget } = open({ provider, of, useCache: true });
  await users.register("ada", { email: "ada@example.org" });
  await users.pay("ada", { cents: 5 });
  await domain.user.snapshots!.settled();
  assert.equal((await provider.records!.list("evtstore.snapshot")).length, 1);
  assert(!(await dump(provider)).includes("example.org"));
  let reads = 0;
  const counting: Provider<any> = {
    ...provider,
    getEventsFor: async (...args) => {
      const events = await provider.getEventsFor(...args);
      reads += events.length;
      return events;
    },
  };
  const reader = open({
    provider: counting,
    of: { ...of, snapshot: { ...of.snapshot!, check: 0 } },
  });
  assert.equal(
    (await reader.domain.user.getAggregate("ada")).email,
    "ada@example.org",
  );
  assert.equal(reads, 0, "the snapshot is used");
  const kept = await provider.records!.list("evtstore.snapshot");
  await forget("ada");
  assert.deepEqual(await provider.records!.list("evtstore.snapshot"), []);
  // As one that another process was about to write.
  const { kind, key, value } = kept[0]!;
  await provider.records!.put(kind, key, value, { revision: 0 });
  assert.equal((await reader.domain.user.getAggregate("ada")).email, null);
  await users.pay("ada", { cents: 5 });
  await users.pay("ada", { cents: 5 });
  await domain.user.snapshots!.settled();
  assert.deepEqual(
    await provider.records!.list("evtstore.snapshot"),
    kept.map((one) => ({ ...one, revision: 1 })),
  );
});

test("several subjects: of one event, and of one aggregate", async () => {
  type Paid = {
    type: "Transferred";
    from: string;
    to: string;
    fromName: string | null;
    toName: string | null;
  };
  const provider = createProvider();
  const transfer = createAggregate({
    stream: "users",
    create: () => ({ names: [] as (string | null)[] }),
    fold: ({ fromName, toName }: Paid) => ({ names: [fromName, toName] }),
    personal: {
      fields: { Transferred: { fromName: null, toName: null } },
      subject: (event, field) => field === "fromName" ? event.from : event.to,
    },
  });
  const { domain, forget } = createDomain({ provider }, { transfer });
  const { pay } = createCommands(domain.transfer, {
    pay: () => ({
      type: "Transferred" as const,
      from: "ada",
      to: "bob",
      fromName: "Ada",
      toName: "Bob",
    }),
  });
  assert.deepEqual((await pay("t1", {})).names, ["Ada", "Bob"]);
  await forget("ada");
  assert.deepEqual((await domain.transfer.getAggregate("t1")).names, [
    null,
    "Bob",
  ]);
});

test("first decrypted, then upcast", async () => {
  type Old = UserEvent | { type: "SignedUp"; mail: string | null };
  const provider = createProvider();
  const before = createDomain({ provider }, {
    old: createAggregate({
      stream: "users",
      create: () => ({}),
      fold: (_event: { type: "SignedUp"; mail: string | null }) => ({}),
      personal: { fields: { SignedUp: { mail: null } } },
    }),
  });
  await createCommands(before.domain.old, {
    signUp: () => ({ type: "SignedUp" as const, mail: "ada@example.org" }),
  }).signUp("ada", {});
  const of = createAggregate({
    ...described,
    upcast: createUpcasters<Old, UserEvent>({
      SignedUp: ({ mail }) => ({ type: "Registered", email: mail, plan: "" }),
    }),
    personal: { fields: { ...fields, SignedUp: { mail: null } } },
  });
  const { domain, forget, createHandler } = createDomain({ provider }, {
    user: of,
  });
  assert.equal(
    (await domain.user.getAggregate("ada")).email,
    "ada@example.org",
  );
  await forget("ada");
  assert.equal((await domain.user.getAggregate("ada")).email, null);
  const handler = createHandler("emails", ["users"]);
  const seen: unknown[] = [];
  handler.handle("users", "Registered", (_id, { email }) => seen.push(email));
  await handler.runOnce();
  assert.deepEqual(seen, [null]);
});

test("what cannot be kept beside personal fields is refused", () => {
  const personal = { fields, subject: () => "ada" };
  assert.throws(
    () =>
      createAggregate({
        ...described,
        personal,
        persistAggregate: true,
        version: "1",
      }),
    refused("INVALID_INPUT", "persistAggregate"),
  );
  assert.throws(
    () =>
      createAggregate({ ...described, personal, snapshot: { version: "1" } }),
    refused("INVALID_INPUT", "snapshot"),
  );
  for (const Paid of [{ type: "" }, null, "email", 5]) {
    assert.throws(
      () =>
        createAggregate({
          ...described,
          personal: { fields: { Paid } } as any,
        }),
      refused("INVALID_INPUT", "personal.fields.Paid"),
    );
  }
  const provider = createProvider();
  const other = createAggregate(described);
  assert.throws(
    () => createDomain({ provider }, { user, other }),
    refused("INVALID_INPUT", "personal"),
  );
});

test("keys need records, or a store of their own", async () => {
  const { records: _, ...provider } = createProvider();
  const { users, forget } = open({ provider });
  await assert.rejects(
    users.register("ada", { email: "ada@example.org" }),
    refused("NOT_SUPPORTED", "keys"),
  );
  await assert.rejects(forget("ada"), refused("NOT_SUPPORTED", "keys"));
  await assert.rejects(forget(""), refused("INVALID_INPUT", "subject"));
  const own = open({ provider, keys: createMemoryKeys() });
  await own.users.register("ada", { email: "ada@example.org" });
  await own.forget("ada");
  assert.equal((await own.domain.user.getAggregate("ada")).email, null);
});

test("a load asks once whether anybody was forgotten, and for no key it holds", async () => {
  const provider = createProvider();
  const asked: string[] = [];
  const memory = createMemoryKeys();
  const keys = new Proxy(memory, {
    get(target, name: keyof SubjectKeys) {
      return (...args: [any]) => {
        asked.push(name);
        return (target[name] as any)(...args);
      };
    },
  });
  const { domain, users, createHandler } = open({ provider, keys });
  await users.register("ada", { email: "ada@example.org" });
  assert.deepEqual(asked.splice(0), ["changes", "make"]);
  await users.pay("ada", { cents: 5 });
  assert.deepEqual(asked.splice(0), ["changes"]);
  await domain.user.getAggregate("ada");
  assert.deepEqual(asked.splice(0), ["changes"]);
  const handler = createHandler("emails", ["users"]);
  handler.handle("users", "Registered", () => {});
  await handler.runOnce();
  assert.deepEqual(asked.splice(0), ["changes"]);
  await domain.user.getAggregate("nobody");
  assert.deepEqual(asked, []);
});

test("a domain of one aggregate has personal fields as well", async () => {
  const provider = createProvider();
  const told: string[] = [];
  const users = createDomain({
    stream: "users",
    aggregate: described.create,
    fold: described.fold,
    provider,
    personal: { fields },
    snapshot: { version: "1", every: 1, check: 0 },
    onForget: (subject) => told.push(subject),
  }, handlers);
  const { email } = await users.command.register("ada", { email: "ada@" });
  assert.equal(email, "ada@");
  const kept = () => provider.records.list("evtstore.snapshot");
  // It is written behind the command, which does not wait for it.
  for (let turn = 0; turn < 1000 && (await kept()).length === 0; turn++) {
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
  assert.equal((await kept()).length, 1);
  await users.forget("ada");
  assert.deepEqual(await kept(), []);
  assert.equal((await users.getAggregate("ada")).aggregate.email, null);
  const handler = users.handler("emails");
  const seen: unknown[] = [];
  handler.handle("Registered", (_id, { email }) => seen.push(email));
  await handler.runOnce();
  assert.deepEqual(seen, [null]);
  assert.deepEqual(told, ["ada"]);
  assert.equal(await users.finishForgetting(), 0);
});

test("its provider reads and stores as the domain does, without options too", async () => {
  const provider = createProvider();
  const { domain, forget } = open({ provider });
  const own = await domain.user.provider as Provider<any>;
  const events = own.createEvents("users", "ada", 1, [
    { type: "Registered", email: "ada@example.org", plan: "free" },
  ]);
  await own.append("users", "ada", 1, events);
  const emailIn = async (store: Provider<any>) =>
    (await store.getEventsFor("users", "ada"))[0]!.event.email;
  assert.equal(await emailIn(own), "ada@example.org");
  assert.equal((await emailIn(provider)).subject, "ada");
  await forget("ada");
  assert.equal(await emailIn(own), null);
});

test("without snapshots a domain of one aggregate forgets as well", async () => {
  const users = createDomain({
    stream: "users",
    aggregate: described.create,
    fold: described.fold,
    provider: createProvider(),
    personal: { fields },
  }, handlers);
  await users.command.register("ada", { email: "ada@" });
  await users.forget("ada");
  assert.equal((await users.getAggregate("ada")).aggregate.email, null);
});

test("a handler without a domain is given the personal fields of its streams", async () => {
  const provider = createProvider();
  const keys = createMemoryKeys();
  const { users, forget } = open({ provider, keys });
  await users.register("ada", { email: "ada@example.org" });
  await users.register("bob", { email: "bob@example.org" });
  await forget("bob");
  const handler = createHandler<{ users: UserEvent }>({
    bookmark: "bare",
    streams: ["users"],
    provider,
    personal: { users: { fields } },
    keys,
  });
  const seen: unknown[] = [];
  handler.handle("users", "Registered", (_id, { email }) => seen.push(email));
  await handler.runOnce();
  assert.deepEqual(seen, ["ada@example.org", null]);
});

test("a subject that cannot be told is a failure of its event alone", async () => {
  const provider = createProvider({ onError: () => {} });
  const before = createDomain({ provider }, {
    user: createAggregate(described),
  });
  const commands = createCommands(before.domain.user, handlers);
  await commands.register("bad", { email: "bad@example.org" });
  await commands.register("good", { email: "good@example.org" });
  const of = {
    ...user,
    personal: {
      fields,
      subject(_event: unknown, _field: string, meta: { aggregateId: string }) {
        if (meta.aggregateId === "bad") throw new Error("no subject");
        return meta.aggregateId;
      },
    },
  };
  const { domain, createHandler, users } = open({ provider, of });
  await assert.rejects(
    domain.user.getAggregate("bad"),
    refused("CANNOT_DECRYPT"),
  );
  await assert.rejects(
    users.register("bad", { email: "bad@example.org" }),
    refused("CANNOT_DECRYPT"),
  );
  const handler = createHandler("emails", ["users"], { onFailure: "skip" });
  const seen: unknown[] = [];
  handler.handle("users", "Registered", (_id, { email }) => seen.push(email));
  await handler.runOnce();
  assert.deepEqual(seen, ["good@example.org"]);
});

test("a specification says and shows what is personal as plain text", async () => {
  const email = "ada@example.org";
  const registered = { type: "Registered", email, plan: "free" } as const;
  await spec(user, handlers).when.register({ email }).then([registered]);
  const { domain, users } = open({ provider: createProvider() });
  await spec(domain.user, users).given([registered])
    .when.pay({ cents: 1 }).thenState({ email, cents: 1 });
  await spec(domain.user, users).given([{ ...registered, email: null }])
    .when.pay({ cents: 1 }).thenState({ email: null });
});

test("the provider may be a promise, and an object with private members", async () => {
  const memory = createProvider();
  class Own {
    #memory = memory;
    driver = "own";
    onError = () => {};
    records = memory.records;
    createEvents = memory.createEvents;
    getEventsFor(...args: Parameters<typeof memory.getEventsFor>) {
      return this.#memory.getEventsFor(...args);
    }
    append(...args: Parameters<typeof memory.append>) {
      return this.#memory.append(...args);
    }
  }
  const provider = Promise.resolve(new Own() as unknown as Provider<any>);
  const { domain, users, forget } = open({ provider });
  await users.register("ada", { email: "ada@example.org" });
  const { email } = await domain.user.getAggregate("ada");
  assert.equal(email, "ada@example.org");
  await forget("ada");
  assert.equal((await domain.user.getAggregate("ada")).email, null);

  const rejected = Promise.reject(new Error("no such server"));
  rejected.catch(() => {});
  const broken = open({ provider: rejected });
  await assert.rejects(
    broken.domain.user.getAggregate("ada"),
    /no such server/,
  );
  await assert.rejects(broken.forget("ada"), /no such server/);
});
