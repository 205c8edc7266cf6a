import { createMemoryKeys, createRecordKeys, StoreError } from "evtstore";
import { createProvider } from "evtstore/provider/memory";
import assert from "node:assert/strict";
import { test } from "node:test";

for (
  const [name, create] of [
    ["memory", createMemoryKeys],
    ["records", () => createRecordKeys(createProvider().records!)],
  ] as const
) {
  test(`${name}: a key is made once, and never again after a forget`, async () => {
    const keys = create();
    assert.equal(await keys.get("ada"), undefined);
    const made = await Promise.all([keys.make("ada"), keys.make("ada")]);
    assert(made[0] instanceof Uint8Array && made[0].length === 32);
    assert.deepEqual(made[1], made[0]);
    assert.deepEqual(await keys.get("ada"), made[0]);
    assert.notDeepEqual(await keys.make("bob"), made[0]);
    const before = await keys.changes();
    await keys.forget("ada");
    assert.notEqual(await keys.changes(), before);
    assert.equal(await keys.get("ada"), "forgotten");
    assert.equal(await keys.make("ada"), "forgotten");
    const after = await keys.changes();
    await keys.forget("ada");
    assert.notEqual(await keys.changes(), after, "at each forget");
    await keys.forget("never heard of");
    assert.deepEqual((await keys.unfinished()).sort(), [
      "ada",
      "never heard of",
    ]);
    for (const subject of ["ada", "ada", "bob", "nobody"]) {
      await keys.finished(subject);
    }
    assert.deepEqual(await keys.unfinished(), ["never heard of"]);
    assert.equal(await keys.get("ada"), "forgotten");
    assert.notEqual(await keys.get("bob"), "forgotten");
  });

  test(`${name}: a subject of any length has a key, in any alphabet`, async () => {
    const keys = create();
    for (const length of [1, 161, 162, 163, 168, 169, 170, 171, 400]) {
      const subject = "界".repeat(length);
      assert.notEqual(await keys.make(subject), "forgotten");
      await keys.forget(subject);
      assert.equal(await keys.get(subject), "forgotten");
    }
    assert.equal((await keys.unfinished()).length, 9);
  });

  test(`${name}: subjects that look alike, or are long, are kept apart`, async () => {
    const keys = create();
    const long = "a".repeat(400);
    const subjects = ["a", "A", "a ", "subject:a", long, `${long}b`];
    const made = new Set<string>();
    for (const subject of subjects) made.add(String(await keys.make(subject)));
    assert.equal(made.size, subjects.length);
    await keys.forget(long);
    assert.deepEqual(await keys.unfinished(), [long]);
    assert.notEqual(await keys.get(`${long}b`), "forgotten");
  });
}

test("a store that is never written to is an error", async () => {
  let tries = 0;
  const keys = createRecordKeys({
    ...createProvider().records!,
    get: () => Promise.resolve(undefined),
    put: () => {
      tries++;
      return Promise.resolve(false);
    },
  });
  for (const work of [() => keys.make("ada"), () => keys.forget("ada")]) {
    tries = 0;
    await assert.rejects(
      work,
      (error) => error instanceof StoreError && error.code === "STORE_BUSY",
    );
    assert.equal(tries, 1000);
  }
});

test("what was written too late is written again", async () => {
  const { records } = createProvider();
  let isLate = false;
  const keys = createRecordKeys({
    get: (...args) => records.get(...args),
    list: (...args) => records.list(...args),
    due: (...args) => records.due(...args),
    remove: (...args) => records.remove(...args),
    put: (...args) => {
      // Somebody else was faster, each second time.
      isLate = !isLate;
      return isLate ? Promise.resolve(false) : records.put(...args);
    },
  });
  assert((await keys.make("ada")) instanceof Uint8Array);
  await keys.forget("ada");
  assert.equal(await keys.get("ada"), "forgotten");
  assert.equal(await keys.changes(), 1);
  assert.deepEqual(await keys.unfinished(), ["ada"]);
  await keys.finished("ada");
  assert.deepEqual(await keys.unfinished(), []);
});
