import assert from "node:assert/strict";
import { test } from "node:test";
import { KeyRing } from "./key_ring.ts";
import { createMemoryKeys, type SubjectKeys } from "./subject_keys.ts";

const nobody: ReadonlySet<string> = new Set();

/** A store whose next answer of `get` waits until it is let go. */
function gated(store: SubjectKeys) {
  let gate: Promise<void> | undefined;
  const asked: string[] = [];
  const keys: SubjectKeys = {
    ...store,
    async get(subject) {
      asked.push(subject);
      const key = await store.get(subject);
      const waits = gate;
      gate = undefined;
      await waits;
      return key;
    },
  };
  return {
    keys,
    asked,
    close() {
      let open = () => {};
      gate = new Promise((resolve) => open = resolve);
      return open;
    },
  };
}

test("a key that was read before a forget is not held after it", async () => {
  const store = createMemoryKeys();
  const { keys, close } = gated(store);
  await store.make("ada");
  for (const sees of ["changes", "nothing"]) {
    const [here, there] = [new KeyRing(keys), new KeyRing(store)];
    const subject = `ada ${sees}`;
    await store.make(subject);
    const open = close();
    const reading = here.find([subject], nobody);
    // It has the key in its hand, and has not kept it yet.
    await new Promise((resolve) => setTimeout(resolve));
    await there.forget(subject);
    if (sees === "changes") await here.find(["ada"], nobody);
    open();
    const read = (await reading).get(subject);
    assert.notEqual(read, "forgotten", "it began before");
    const again = await here.find([subject], nobody);
    assert.equal(again.get(subject), "forgotten");
    assert.equal(await here.make(subject), "forgotten");
  }
});

test("held keys are asked for once, and as many as may be held", async () => {
  const store = createMemoryKeys();
  const { keys, asked } = gated(store);
  const ring = new KeyRing(keys);
  await store.make("ada");
  for (let turn = 0; turn < 3; turn++) await ring.find(["ada", "ada"], nobody);
  assert.deepEqual(asked, ["ada"]);
  await store.forget("bob");
  await ring.find(["ada"], nobody);
  assert.deepEqual(asked, ["ada", "ada"], "after a change none is held");
  const many = Array.from({ length: 10_000 }, (_, index) => String(index));
  await ring.find(many, nobody);
  asked.length = 0;
  await ring.find([...many.slice(1), "ada"], nobody);
  assert.deepEqual(asked, ["ada"], "the first was dropped for the last");
});

test("that a subject has no key is asked again where one was used", async () => {
  const store = createMemoryKeys();
  const ring = new KeyRing(store);
  assert.equal((await ring.find(["ada"], nobody)).get("ada"), null);
  await store.make("ada");
  assert.equal((await ring.find(["ada"], nobody)).get("ada"), null);
  const used = await ring.find(["ada"], new Set(["ada"]));
  assert.notEqual(used.get("ada"), null);
});

test("inside a transaction nothing is held, and each is asked for in turn", async () => {
  const tx = {};
  let atOnce = 0;
  const ring = new KeyRing({
    ...createMemoryKeys(),
    async get(subject, options) {
      assert.equal(options?.tx, tx);
      assert.equal(++atOnce, 1);
      await new Promise((resolve) => setTimeout(resolve));
      atOnce--;
      return subject === "ada" ? new Uint8Array(32) : "forgotten";
    },
    changes: () => Promise.reject(new Error("not asked inside")),
  });
  for (let turn = 0; turn < 2; turn++) {
    const found = await ring.find(["ada", "bob", "cy"], nobody, tx);
    assert.equal(found.get("bob"), "forgotten");
    assert.equal(typeof found.get("ada"), "object");
  }
});

test("a key that is held is not made again", async () => {
  const store = createMemoryKeys();
  let made = 0;
  const ring = new KeyRing({
    ...store,
    make(...args) {
      made++;
      return store.make(...args);
    },
  });
  const key = await ring.make("ada");
  assert.equal(await ring.make("ada"), key);
  assert.equal(made, 1);
});
