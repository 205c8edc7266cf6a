import assert from "node:assert/strict";
import fc from "fast-check";
import { StoreError } from "evtstore";
import { createProvider } from "evtstore/provider/memory";
import { hostileTexts } from "../../testing/hostile.ts";
import { test } from "node:test";
import { createPlace, type FaultDatabase } from "./databases.ts";
import { isLong, testEach } from "./each.ts";
import { openStore } from "./open_store.ts";
import type { FullProvider } from "./stores/store.ts";

const RUNS = isLong ? 500 : 25;

/** Every text there is, the bad ones more often. */
const text: fc.Arbitrary<string> = fc.oneof(
  fc.constantFrom(...hostileTexts),
  fc.string({ unit: "binary", maxLength: 40 }),
  // With lone surrogates.
  fc.array(fc.integer({ min: 0, max: 0xffff }), { maxLength: 20 })
    .map((units) => String.fromCharCode(...units)),
  fc.tuple(fc.constantFrom(...hostileTexts), fc.string({ unit: "grapheme" }))
    .map((parts) => parts.join("")),
);

const number = fc.oneof(
  fc.double({ noNaN: true, noDefaultInfinity: true }),
  fc.constantFrom(
    0,
    Number.MAX_VALUE,
    Number.MIN_VALUE,
    Number.MAX_SAFE_INTEGER,
    Number.MIN_SAFE_INTEGER,
    2 ** 63,
    -(2 ** 31),
    1e21,
    NaN,
    Infinity,
  ),
).map((value) => Object.is(value, -0) ? 0 : value);

/** Any JSON, with keys that are bad names. */
const { json } = fc.letrec<{ json: unknown }>((tie) => ({
  json: fc.oneof(
    { depthSize: "small", maxDepth: 4 },
    text,
    number,
    fc.boolean(),
    fc.constant(null),
    fc.array(tie("json"), { maxLength: 4 }),
    fc.array(fc.tuple(text, tie("json")), { maxLength: 4 }).map(objectOf),
    fc.tuple(fc.integer({ min: 10, max: 600 }), tie("json"))
      .map(([depth, inner]) => nest(depth, inner)),
  ),
}));

const operation = fc.record({
  stream: text,
  aggregateId: text,
  commandId: text,
  bookmark: text,
  kind: text,
  key: text,
  value: json,
  events: fc.array(
    fc.tuple(text, json).map(([type, content]) =>
      objectOf([["content", content], [type, "as a key"], ["type", type]])
    ),
    { minLength: 1, maxLength: 3 },
  ),
});

await testEach("hostile input is stored exactly or refused", run);
test("memory: hostile input is stored exactly or refused", async () => {
  await check("memory", createProvider() as unknown as FullProvider);
});

async function run(database: FaultDatabase): Promise<object> {
  const place = await createPlace(database);
  const store = await openStore(place.address);
  try {
    return await check(database.name, store.provider);
  } finally {
    await store.close();
    await place.remove();
  }
}

async function check(name: string, provider: FullProvider): Promise<object> {
  const counts = { stored: 0, refused: 0 };
  const count = (wasStored: boolean) =>
    wasStored ? counts.stored++ : counts.refused++;
  let number = 0;
  await fc.assert(
    fc.asyncProperty(operation, async (one) => {
      // Names of its own, and as bad.
      const unique = `${number++}`;
      count(await checkEvents(provider, one, unique));
      count(await checkBookmark(provider, one, unique));
      count(await checkRecord(provider, one, unique));
    }),
    { numRuns: RUNS },
  );
  assert(counts.stored > RUNS / 5, `${name} refuses almost everything`);
  return counts;
}

type Operation = typeof operation extends fc.Arbitrary<infer T> ? T : never;

async function checkEvents(
  provider: FullProvider,
  { stream, aggregateId, commandId, events }: Operation,
  unique: string,
): Promise<boolean> {
  const id = `${aggregateId}${unique}`;
  const before = structuredClone(events);
  const wasStored = await isStored(async () =>
    await provider.append(
      stream,
      id,
      1,
      provider.createEvents(stream, id, 1, events as any),
      { commandId },
    )
  );
  assert.deepEqual(events, before, "the caller's events are left as they are");
  if (!isName(stream) || !isName(id)) {
    assert.equal(wasStored, false, "a bad name is refused");
    return false;
  }
  const stored = await provider.getEventsFor(stream, id);
  const expected = wasStored ? before : [];
  assert.deepEqual(stored.map(({ event }) => event), expected);
  for (const one of stored) {
    assert.equal(one.stream, stream);
    assert.equal(one.aggregateId, id);
  }
  if (!isName(commandId)) {
    assert.equal(wasStored, false, "a bad command id is refused");
    return false;
  }
  assert.equal(
    await provider.findCommand(stream, id, commandId),
    wasStored ? 1 : undefined,
  );
  return wasStored;
}

async function checkBookmark(
  provider: FullProvider,
  { bookmark }: Operation,
  unique: string,
): Promise<boolean> {
  const name = `${bookmark}${unique}`;
  const last = await provider.getLastEventFor(["any"]);
  const start = await provider.getPosition(`new ${unique}`);
  const wasStored = await isStored(async () => {
    await provider.setPosition(name, last?.position ?? start);
  });
  assert.equal(wasStored, isName(name));
  if (wasStored) {
    assert.deepEqual(await provider.getPosition(name), last?.position ?? start);
  }
  return wasStored;
}

async function checkRecord(
  { records }: FullProvider,
  { kind, key, value }: Operation,
  unique: string,
): Promise<boolean> {
  const name = `${key}${unique}`;
  const before = structuredClone(value);
  const wasStored = await isStored(() =>
    records.put(kind, name, value, { revision: 0 })
  );
  if (!isName(kind) || !isName(name)) {
    assert.equal(wasStored, false, "a bad name is refused");
    return false;
  }
  const record = await records.get(kind, name);
  assert.deepEqual(
    record,
    wasStored ? { kind, key: name, value: before, revision: 1 } : undefined,
  );
  return wasStored;
}

/** Whether it was accepted; what is refused must be refused as bad input. */
async function isStored(work: () => Promise<unknown>): Promise<boolean> {
  try {
    await work();
    return true;
  } catch (error) {
    const isRefusal = error instanceof StoreError &&
      error.code === "INVALID_INPUT";
    if (!isRefusal) throw error;
    return false;
  }
}

/** What the documentation says a name is. */
function isName(value: string): boolean {
  return value !== "" && value.isWellFormed() && !value.includes("\0") &&
    new TextEncoder().encode(value).length <= 512;
}

/** An object with properties of its own, also where one is `__proto__`. */
function objectOf(entries: [string, unknown][]): object {
  const object = {};
  for (const [key, value] of entries) {
    Object.defineProperty(object, key, {
      value,
      enumerable: true,
      configurable: true,
      writable: true,
    });
  }
  return object;
}

function nest(depth: number, inner: unknown): unknown {
  let nested = inner;
  for (let level = 0; level < depth; level++) {
    nested = level % 2 ? [nested] : { nested };
  }
  return nested;
}
