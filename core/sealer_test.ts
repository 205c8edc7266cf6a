import assert from "node:assert/strict";
import { test } from "node:test";
import { StoreError } from "./errors.ts";
import { KeyRing } from "./key_ring.ts";
import { checkReadable, Sealer } from "./sealer.ts";
import { createMemoryKeys, type SubjectKeys } from "./subject_keys.ts";

const personal: any = {
  fields: {
    Registered: { email: "(gone)", name: null },
    Moved: { street: "" },
  },
};

function eventOf(event: object, facts: object = {}): any {
  return {
    ...{ stream: "users", aggregateId: "ada", version: 3, position: 3 },
    timestamp: new Date(0),
    event: { type: "Registered", ...event },
    ...facts,
  };
}

function setUp(options: object = {}, keys: SubjectKeys = createMemoryKeys()) {
  let rings = 0;
  const ring = new KeyRing(keys);
  const open = (own: object) =>
    new Sealer([{ stream: "users", personal: { ...personal, ...own } }], () => {
      rings++;
      return Promise.resolve(ring);
    });
  const sealer = open(options);
  const seal = async (event: object, facts?: object) =>
    (await sealer.seal([eventOf(event, facts)], undefined))[0]!;
  const read = async (stored: any, by = sealer) =>
    (await by.open([stored]))[0]!.event;
  return { keys, open, sealer, seal, read, rings: () => rings };
}

function problemOf(work: () => unknown): StoreError {
  try {
    work();
  } catch (error) {
    if (error instanceof StoreError) return error;
    throw error;
  }
  throw new Error("Nothing was thrown");
}

test("an event without personal fields is passed on, and asks for no key", async () => {
  const { sealer, seal, read, rings } = setUp();
  for (
    const [event, facts] of [
      [{ type: "Paid", cents: 5 }, {}],
      [{ plan: "free" }, {}],
      [{ email: "(gone)", name: null }, {}],
      [{ email: "ada@example.org" }, { stream: "orders" }],
    ]
  ) {
    const stored = eventOf(event!, facts);
    assert.equal((await sealer.seal([stored], undefined))[0], stored);
    assert.equal(await read(stored), stored.event);
  }
  assert.equal(rings(), 0);
  await seal({ email: "ada@example.org" });
  assert.equal(rings(), 1);
});

test("after a forget each field has its own placeholder", async () => {
  const { keys, seal, read, open } = setUp();
  const stored = await seal({ email: "ada@example.org", name: "Ada" });
  const event = { type: "Registered", email: "ada@example.org", name: "Ada" };
  assert.deepEqual(await read(stored), event);
  await keys.forget("ada");
  const gone = { type: "Registered", email: "(gone)", name: null };
  assert.deepEqual(await read(stored), gone);
  // Of a field, or of a whole event, that is no longer said to be personal.
  const fewer = open({ fields: { Registered: { name: null } } });
  const none = open({ fields: {} });
  for (const later of [fewer, none]) {
    assert.deepEqual(await read(stored, later), { ...gone, email: null });
  }
});

test("a field of a forgotten subject is not stored, and the error says which", async () => {
  const { keys, seal } = setUp({
    subject: (event: any, field: string) => `${event.who} ${field}`,
  });
  await keys.forget("bob email");
  await seal({ who: "bob", name: "Bob" });
  await assert.rejects(seal({ who: "bob", email: "b@example.org" }), {
    code: "SUBJECT_FORGOTTEN",
    ...{ field: "email", stream: "users", aggregateId: "ada" },
  });
});

test("a subject must be a name, when it is stored and when it is read", async () => {
  const { seal, read } = setUp({ subject: () => "" });
  await assert.rejects(seal({ email: "a@example.org" }), {
    code: "INVALID_INPUT",
    field: "subject",
  });
  const sealed = { "evtstore:sealed": "AAAA", subject: "" };
  const event = await read(eventOf({ email: sealed }));
  const { code, cause } = problemOf(() => checkReadable({ event } as any));
  assert.equal(code, "CANNOT_DECRYPT");
  assert.equal((cause as StoreError).field, "subject");
});

test("what cannot be decrypted says where it is, and why", async () => {
  const { seal, read } = setUp();
  const stored = await seal({ email: "ada@example.org" });
  const moved = { ...stored, version: 4 };
  const event = await read(moved);
  const problem = problemOf(() => checkReadable({ event } as any));
  const { code, field, stream, aggregateId } = problem;
  assert.deepEqual({ code, field, stream, aggregateId }, {
    ...{ code: "CANNOT_DECRYPT", field: "email" },
    ...{ stream: "users", aggregateId: "ada" },
  });
  assert.match(
    problem.message,
    /email of version 4 of "ada" in stream "users"/,
  );
  assert(problem.cause instanceof Error);
  const elsewhere = setUp();
  const lost = await elsewhere.read(stored);
  const missing = problemOf(() => checkReadable({ event: lost } as any));
  assert.equal(missing.field, "email");
  assert.equal("cause" in missing && missing.cause !== undefined, false);
  assert.match(missing.message, /no key of "ada"/);
});

test("who could not be told of one event does not hide the others", async () => {
  const { seal, sealer, open } = setUp();
  const good = await seal({ email: "ada@example.org" });
  const failing = open({
    subject: () => {
      throw new Error("no subject");
    },
  });
  const plain = eventOf({ email: "eve@example.org" });
  const [first, second] = await failing.open([plain, good]);
  const problem = problemOf(() => checkReadable(first as any));
  assert.equal(problem.code, "CANNOT_DECRYPT");
  assert.equal(problem.field, undefined);
  assert.match(problem.message, /the event of version 3/);
  assert.deepEqual(second!.event, (await sealer.open([good]))[0]!.event);
});

test("the state of an aggregate is bound to its place, and goes with its key", async () => {
  const { sealer, keys } = setUp();
  const sealed = await sealer.sealState("users", "ada", 3, "state");
  const read = (stream: string, id: string, at: number) =>
    sealer.openState(stream, id, at, sealed!, undefined);
  assert.equal(await read("users", "ada", 3), "state");
  await assert.rejects(read("users", "ada", 4));
  await assert.rejects(read("orders", "ada", 3));
  assert.equal(await read("users", "bob", 3), undefined, "there is no key");
  await keys.forget("ada");
  assert.equal(await read("users", "ada", 3), undefined);
  assert.equal(await sealer.sealState("users", "ada", 4, "state"), undefined);
});

test("what an earlier version has encrypted is read", async () => {
  const key = new Uint8Array(32).fill(7);
  const { sealer, read } = setUp({}, {
    ...createMemoryKeys(),
    get: () => Promise.resolve(key),
  });
  const event = await read(eventOf({
    email: {
      "evtstore:sealed":
        "eHissh/zP+e6xYy09tch4ztLIOh8V0ZE8iPetw3lyx/4gEtvpmqMQFYDNO5N",
      subject: "ada",
    },
  }));
  assert.equal(event.email, "ada@example.org");
  const state = JSON.stringify({
    "evtstore:sealed": "CHDVXEqYsqU6mKVdL7AMhtt+o+hcgEXERaKD50atgZ+7/HI=",
    subject: "ada",
  });
  assert.equal(
    await sealer.openState("users", "ada", 3, state, undefined),
    "state",
  );
});

test("a key that another process made meanwhile is found; that there is none is asked once", async () => {
  const there = setUp();
  let asked = 0;
  const here = setUp({}, {
    ...there.keys,
    get(...args) {
      asked++;
      return there.keys.get(...args);
    },
  });
  for (const aggregateId of ["ada", "bob"]) {
    // Stored before it was said that this is personal.
    const plain = eventOf({ email: "plain" }, { aggregateId });
    for (let time = 0; time < 2; time++) {
      assert.equal((await here.read(plain)).email, "plain");
    }
  }
  assert.equal(asked, 2);
  const stored = await there.seal({ email: "ada@example.org" });
  assert.equal((await here.read(stored)).email, "ada@example.org");
  const sealed = await there.sealer.sealState("users", "bob", 3, "state");
  assert.equal(
    await here.sealer.openState("users", "bob", 3, sealed!, undefined),
    "state",
  );
});

test("in a stream without personal fields nothing is taken for encrypted", async () => {
  const sealer = new Sealer(
    [{ stream: "users", personal }, { stream: "orders" }],
    () => Promise.reject(new Error("not asked for")),
  );
  for (const stream of ["orders", "others"]) {
    const email = { "evtstore:sealed": "AAAA", subject: "ada" };
    const stored = eventOf({ email }, { stream });
    assert.deepEqual(await sealer.open([stored]), [stored]);
  }
});

test("aggregates of one stream have the same personal fields, or none has", () => {
  const ring = () => Promise.reject(new Error("not asked for"));
  const create = (...aggregates: any[]) => new Sealer(aggregates, ring);
  const other = { ...personal };
  create({ stream: "users", personal }, { stream: "orders", personal: other });
  create({ stream: "users", personal }, { stream: "users", personal });
  for (const second of [other, undefined]) {
    assert.throws(
      () =>
        create(
          { stream: "users", personal },
          { stream: "users", personal: second },
        ),
      { code: "INVALID_INPUT", field: "personal", stream: "users" },
    );
  }
});
