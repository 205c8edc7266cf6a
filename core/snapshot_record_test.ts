import { createProvider } from "evtstore/provider/memory";
import assert from "node:assert/strict";
import { test } from "node:test";
import type { Records } from "./records.ts";
import type { Sealer } from "./sealer.ts";
import {
  SNAPSHOT,
  type Snapshot,
  SnapshotStore,
  stateOf,
} from "./snapshot_record.ts";

const snapshot = (at: number, version = "1"): Snapshot => ({
  version,
  at,
  position: at,
  state: JSON.stringify({ version: at, aggregateId: "a" }),
});

function setUp() {
  const { records } = createProvider();
  const store = new SnapshotStore(records, "sums");
  const kept = async () => (await store.read("a", "1"))?.at;
  /** Does something between the read and the write of a slow writer. */
  const interrupted = (work: () => Promise<unknown>, times = 1): Records => ({
    ...records,
    get: async (...args) => {
      const found = await records.get(...args);
      if (times-- > 0) await work();
      return found;
    },
    put: (...args) => records.put(...args),
  });
  return { records, store, kept, interrupted };
}

test("SnapshotStore never puts an older snapshot in the place of a newer one", async () => {
  const { store, kept, interrupted } = setUp();
  await store.write("a", snapshot(200), 10);
  await store.write("a", snapshot(100), 10);
  assert.equal(await kept(), 200);
  const slow = new SnapshotStore(
    interrupted(() => store.write("a", snapshot(400), 10)),
    "sums",
  );
  assert.equal(await slow.write("a", snapshot(300), 10), 400);
  assert.equal(await kept(), 400);
});

test("SnapshotStore leaves a newer one that replaced one removed meanwhile", async () => {
  const { store, kept, interrupted } = setUp();
  await store.write("a", snapshot(100), 10);
  const slow = new SnapshotStore(
    interrupted(async () => {
      await store.remove("a", snapshot(100));
      await store.write("a", snapshot(400), 10);
    }),
    "sums",
  );
  await slow.write("a", snapshot(300), 10);
  assert.equal(await kept(), 400);
});

test("SnapshotStore tries again when another aggregate version was faster, but not for ever", async () => {
  const { store, kept, interrupted } = setUp();
  await store.write("a", snapshot(100), 10);
  let at = 100;
  const other = () => store.write("a", snapshot(at += 10, "other"), 10);
  const slow = new SnapshotStore(interrupted(other, 2), "sums");
  await slow.write("a", snapshot(300), 10);
  assert.equal(await kept(), 300);
  let tries = 0;
  const countingOther = () => {
    tries++;
    return other();
  };
  const slower = new SnapshotStore(
    interrupted(countingOther, Infinity),
    "sums",
  );
  await slower.write("a", snapshot(400), 10);
  assert.deepEqual([await kept(), tries], [300, 5]);
});

test("SnapshotStore keeps one snapshot of each version that is kept up", async () => {
  const { store, records } = setUp();
  await store.write("a", snapshot(100, "old"), 10);
  await store.write("a", snapshot(115), 10);
  await store.write("a", snapshot(118, "old"), 10);
  await store.write("a", snapshot(128), 10);
  const versions = async () =>
    (await records.list(SNAPSHOT))[0]!.value.snapshots
      .map(({ version, at }: Snapshot) => `${version}@${at}`);
  assert.deepEqual(await versions(), ["1@128", "old@118"]);
  await store.write("a", snapshot(138), 10);
  assert.deepEqual(await versions(), ["1@138"]);
});

test("SnapshotStore removes the one that is wrong and those that stand on it", async () => {
  const { store, kept } = setUp();
  await store.write("a", snapshot(100), 10);
  await store.remove("a", snapshot(110));
  assert.equal(await kept(), 100);
  await store.remove("a", snapshot(90));
  assert.equal(await kept(), undefined);
});

test("SnapshotStore removes none of another version, and writes nothing where there is nothing to remove", async () => {
  const { store, records, kept } = setUp();
  await store.remove("a", snapshot(90));
  assert.deepEqual(await records.list(SNAPSHOT), []);
  await store.write("a", snapshot(100), 10);
  const before = await records.list(SNAPSHOT);
  await store.remove("a", snapshot(90, "other"));
  assert.equal(await kept(), 100);
  assert.deepEqual(await records.list(SNAPSHOT), before);
});

test("SnapshotStore neither gives nor keeps anything of a subject that is forgotten", async () => {
  const { store, records } = setUp();
  await store.write("a", snapshot(100), 10);
  const before = await records.list(SNAPSHOT);
  const sealer = {
    sealState: () => Promise.resolve(undefined),
    openState: () => Promise.resolve(undefined),
  } as unknown as Sealer;
  const sealed = new SnapshotStore(records, "sums", sealer);
  assert.equal(await sealed.read("a", "1"), undefined);
  assert.equal(await sealed.write("a", snapshot(200), 10), 200);
  assert.deepEqual(await records.list(SNAPSHOT), before);
});

test("SnapshotStore takes no record for its own that is not, and replaces it", async () => {
  const good = snapshot(50);
  const value = { stream: "sums", aggregateId: "a", snapshots: [good] };
  const wrong = [
    null,
    { ...value, snapshots: "none" },
    { ...value, stream: "other" },
    { ...value, aggregateId: "b" },
    ...[null, { version: 1 }, { at: 5.5 }, { state: {} }, { position: null }]
      .map((change) => ({
        ...value,
        snapshots: [change && { ...good, ...change }],
      })),
  ];
  for (const value of wrong) {
    const { store, records, kept } = setUp();
    const key = JSON.stringify(["sums", "a"]);
    await records.put(SNAPSHOT, key, value, { revision: 0 });
    const shown = JSON.stringify(value);
    await assert.rejects(store.read("a", "1"), /holds no snapshots/, shown);
    await store.write("a", snapshot(100), 10);
    assert.equal(await kept(), 100, shown);
  }
});

test("a snapshot of another aggregate, of another version or of nothing is none", () => {
  assert.deepEqual(stateOf(snapshot(7), "a"), {
    version: 7,
    aggregateId: "a",
  });
  for (
    const state of ["null", '{"version":7}', '{"version":8,"aggregateId":"a"}']
  ) {
    assert.throws(
      () => stateOf({ ...snapshot(7), state }, "a"),
      /of another aggregate or version/,
    );
  }
});
