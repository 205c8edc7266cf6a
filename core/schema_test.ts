import { createAggregate, createDomain, createProcess } from "evtstore";
import { createProvider } from "evtstore/provider/memory";
import assert from "node:assert/strict";
import { test } from "node:test";
import { commandParser, readsOf, toStorable } from "./schema.ts";
import type { SchemaResult, StandardSchema } from "./standard_schema.ts";

function schemaOf<T extends object>(
  validate: (value: any) => SchemaResult<T> | Promise<SchemaResult<T>>,
): StandardSchema<unknown, T> {
  return { "~standard": { version: 1, vendor: "test", validate } };
}

const facts = { stream: "numbers", aggregateId: "n1" };
const store = (schema: StandardSchema<unknown, object>, event: any) =>
  toStorable({ schema: { Set: schema } }, "events[0]", event, facts);

test("toStorable() returns what the schema gives, with its type", () => {
  const schema = schemaOf(({ n }) => ({
    value: { n, type: "Other", twice: n * 2 },
  }));
  assert.deepEqual(store(schema, { type: "Set", n: 1 }), {
    type: "Set",
    n: 1,
    twice: 2,
  });
});

test("toStorable() does without a schema", () => {
  const event = { type: "Set" };
  assert.equal(toStorable({}, "events[0]", event, facts), event);
});

test("a schema gets the event without its type and without the stored aggregate", () => {
  const seen: unknown[] = [];
  const schema = schemaOf((value) => {
    seen.push(value);
    return { value };
  });
  store(schema, { type: "Set", n: 1, __persisted: { n: 1 } });
  assert.deepEqual(seen, [{ n: 1 }, { n: 1 }]);
});

test("a schema that changes what it gave is refused", () => {
  const schema = schemaOf(({ n }) => ({ value: { n: n + 1 } }));
  assert.throws(() => store(schema, { type: "Set", n: 1 }), {
    code: "INVALID_EVENT",
    field: "events[0]",
    message:
      'Cannot store events[0] of "n1" in stream "numbers": the schema changes what it gave when it is validated again',
  });
});

test("a schema that does not take what it gave is refused", () => {
  const schema = schemaOf(({ n }) =>
    typeof n === "string"
      ? { value: { n: Number(n) } }
      : { issues: [{ message: "Expected text", path: ["n"] }] }
  );
  assert.throws(() => store(schema, { type: "Set", n: "1" }), {
    code: "INVALID_EVENT",
    field: "events[0].n",
    message:
      'Cannot store events[0].n of "n1" in stream "numbers": the schema does not accept what it gave: Expected text',
  });
});

test("what would be read as another type is refused, unless it is validated then too", () => {
  const at = new Date(5);
  const schema = schemaOf(({ at }) => ({
    value: { deep: { at: new Date(at) } },
  }));
  const dates = schemaOf((value: any) => ({
    value: { deep: { at: new Date(value.deep.at) } },
  }));
  const event = { type: "Set", deep: { at } };
  assert.throws(() => store(dates, event), {
    code: "INVALID_EVENT",
    field: "events[0].at",
    stream: "numbers",
    aggregateId: "n1",
  });
  assert.throws(() => store(schema, { type: "Set", at }), {
    code: "INVALID_EVENT",
  });
  const options = { schema: { Set: dates }, validateOnRead: true };
  assert.deepEqual(toStorable(options, "events[0]", event, facts), event);
});

test("an event that its schema does not take is refused at the read, by its place", () => {
  const schema = { Set: schemaOf(() => ({ issues: [] as any[] })) };
  const aggregates = [{ stream: "numbers", schema, validateOnRead: true }];
  const { read } = readsOf(aggregates);
  const meta = { ...facts, version: 3, position: 1, timestamp: new Date() };
  assert.throws(() => read!({ type: "Set" }, meta), {
    code: "INVALID_EVENT",
    ...{ field: "event", stream: "numbers", aggregateId: "n1" },
    message:
      'Cannot read event of version 3 of "n1" in stream "numbers": it is not valid',
  });
});

test("what JSON cannot hold is refused as without a schema", () => {
  const schema = schemaOf(() => ({ value: { n: 1n } }));
  assert.throws(() => store(schema, { type: "Set" }), {
    code: "INVALID_INPUT",
    field: "events[0].n",
  });
  const text = schemaOf((): any => ({ value: "text" }));
  assert.throws(() => store(text, { type: "Set" }), { code: "INVALID_EVENT" });
});

test("an event of the name of a method of objects has no schema", () => {
  const schema = schemaOf((value) => ({ value }));
  assert.throws(() => store(schema, { type: "toString" }), {
    code: "INVALID_EVENT",
    message:
      'Cannot store events[0] of "n1" in stream "numbers": there is no schema of events of type "toString"',
  });
});

test("an asynchronous schema is refused, whether it would hold or not", () => {
  for (
    const outcome of [Promise.resolve({ value: {} }), Promise.reject("no")]
  ) {
    const schema = schemaOf(() => outcome);
    assert.throws(() => store(schema, { type: "Set" }), {
      code: "NOT_SUPPORTED",
      field: "schema.Set",
    });
    outcome.catch(() => {});
  }
  const parse = commandParser(["set"], {
    set: schemaOf(() => Promise.resolve({ value: {} })),
  });
  assert.throws(() => parse("set", {}), {
    code: "NOT_SUPPORTED",
    field: "commandSchema.set",
  });
});

test("commandParser() wants a schema for each command, and no other", () => {
  const schema = schemaOf((value) => ({ value }));
  assert.throws(() => commandParser(["set"], {}), {
    code: "INVALID_INPUT",
    field: "commandSchema.set",
    message: 'Expected a schema for "set": it has a command handler only',
  });
  assert.throws(() => commandParser(["set"], { set: schema, reset: schema }), {
    code: "INVALID_INPUT",
    field: "commandSchema.reset",
    message: 'Expected a command handler for "reset": it has a schema only',
  });
});

test("commandParser() gives what the schema gives, or the body where there is none", () => {
  const schema = schemaOf(({ n }) => ({ value: { n: Number(n) } }));
  assert.deepEqual(commandParser(["set"], { set: schema })("set", { n: "1" }), {
    n: 1,
  });
  const body = { n: "1" };
  assert.equal(commandParser(["set"], undefined)("set", body), body);
});

test("a schema that gives no object is refused", () => {
  for (const value of [null, 5, []] as any[]) {
    assert.throws(() => store(schemaOf(() => ({ value })), { type: "Set" }), {
      code: "INVALID_EVENT",
      field: "events[0]",
    });
  }
});

test("the paths of issues are keys, or objects with a key", () => {
  const parse = commandParser(["set"], {
    set: schemaOf(() => ({
      issues: [
        { message: "A", path: ["lines", 1, "cents"] },
        { message: "B", path: [{ key: 0 }, { key: Symbol("s") }] },
        { message: "C" },
      ],
    })),
  });
  assert.throws(() => parse("set", {}), {
    name: "InvalidCommandError",
    code: "INVALID_COMMAND",
    message: 'Invalid command "set": lines[1].cents: A; [0].Symbol(s): B; C',
    issues: [
      { field: "lines[1].cents", message: "A" },
      { field: "[0].Symbol(s)", message: "B" },
      { field: "", message: "C" },
    ],
  });
});

test("a process reads by the schemas of its streams, where they say so", async () => {
  const provider = createProvider();
  const schema = { Set: schemaOf(({ n }) => ({ value: { n: Number(n) } })) };
  const described = {
    stream: "numbers",
    create: () => ({ n: 0 }),
    fold: ({ n }: { type: "Set"; n: number }) => ({ n }),
    schema,
  };
  const events = provider.createEvents("numbers", "n1", 1, [
    { type: "Set", n: "1" },
  ]);
  await provider.append("numbers", "n1", 1, events);
  for (const [validateOnRead, expected] of [[true, 1], [false, "1"]] as const) {
    const number = createAggregate<any, any, "numbers">({
      ...described,
      validateOnRead,
    } as any);
    const { domain } = createDomain({ provider }, { number });
    const seen: unknown[] = [];
    const process = createProcess({
      name: `p${typeof expected}`,
      streams: [domain.number],
      commands: {},
    });
    process.startsOn("numbers", (_event: unknown, id: string) => id, {
      Set: ({ n }: any) => void seen.push(n),
    });
    await process.runOnce();
    assert.deepEqual(seen, [expected]);
    assert.equal((await domain.number.getAggregate("n1")).n, expected);
  }
});

test("readsOf() passes on what has no schema", () => {
  const schema = { Set: schemaOf(() => ({ value: { n: 0 } })) };
  assert.deepEqual(readsOf([{ stream: "numbers", schema }]), {});
  const { read } = readsOf([
    { stream: "numbers", schema, validateOnRead: true },
    { stream: "numbers" },
  ]);
  const meta = { ...facts, version: 1, position: 1, timestamp: new Date() };
  assert.deepEqual(read!({ type: "Set" }, meta), { type: "Set", n: 0 });
  assert.deepEqual(read!({ type: "Other" }, meta), { type: "Other" });
  assert.deepEqual(read!({ type: "Set" }, { ...meta, stream: "others" }), {
    type: "Set",
  });
});
