import assert from "node:assert/strict";
import { appendTo, onMongo, open, sleep } from "./support.ts";

onMongo("a session of the application's own can be given as tx", async (t) => {
  const { provider, database } = await open(t);
  const session = database.client.startSession();
  t.after(() => session.endSession());
  await session.withTransaction(async () => {
    await appendTo(provider, "ada", 1, { count: 2, tx: session });
    await appendTo(provider, "ada", 3, { tx: session });
  });
  await assert.rejects(
    session.withTransaction(async () => {
      await appendTo(provider, "ada", 4, { tx: session });
      throw new Error("the application's own");
    }),
    /the application's own/,
  );
  await appendTo(provider, "ada", 4);
  const stored = await provider.getEventsFor("counters", "ada");
  assert.deepEqual(stored.map(({ version }) => version), [1, 2, 3, 4]);
  await assert.rejects(appendTo(provider, "ada", 5, { tx: session }), {
    name: "StoreError",
    code: "TRANSACTION_ENDED",
    field: "tx",
  });
});

onMongo("sessions that append at the same time all commit", async (t) => {
  const { provider, database } = await open(t);
  await Promise.all([1, 2, 3].map(async (id) => {
    const session = database.client.startSession();
    await session.withTransaction(async () => {
      await appendTo(provider, `id ${id}`, 1, { tx: session });
      await sleep(10);
    });
    await session.endSession();
  }));
  assert.equal((await provider.getEventsFrom("counters", undefined)).length, 3);
});

onMongo(
  "an append that would wait for its own transaction is refused",
  async (t) => {
    const { provider } = await open(t);
    await provider.transact(async (tx) => {
      // Nothing holds the end of the log yet.
      await appendTo(provider, "before", 1);
      await appendTo(provider, "ada", 1, { tx });
      await assert.rejects(appendTo(provider, "bob", 1), {
        name: "StoreError",
        code: "TRANSACTION_JOINED",
        message:
          'Cannot run append beside the transaction that this code runs in, which has appended before it: give it the transaction as "tx"',
      });
    });
    assert.equal(
      (await provider.getEventsFrom("counters", undefined)).length,
      2,
    );
  },
);

onMongo(
  "a refused append leaves the rest of the transaction alone",
  async (t) => {
    const { provider } = await open(t);
    await appendTo(provider, "ada", 1, { commandId: "open" });
    await provider.transact(async (tx) => {
      const conflict = { code: "VERSION_CONFLICT" };
      await assert.rejects(appendTo(provider, "ada", 1, { tx }), conflict);
      await assert.rejects(appendTo(provider, "ada", 3, { tx }), conflict);
      await assert.rejects(
        appendTo(provider, "ada", 2, { tx, commandId: "open" }),
        { code: "DUPLICATE_COMMAND" },
      );
      await appendTo(provider, "bob", 1, { tx });
    });
    assert.equal(
      (await provider.getEventsFrom("counters", undefined)).length,
      2,
    );
  },
);

onMongo(
  "transact() does not resolve if a swallowed error ended it",
  async (t) => {
    const { provider, database } = await open(t);
    const own = database.collection("own");
    await own.insertOne({ _id: 1 });
    let runs = 0;
    const committed = provider.transact(async (tx) => {
      runs++;
      await appendTo(provider, "ada", 1, { tx });
      await own.insertOne({ _id: 1 }, { session: tx }).catch(() => {});
    });
    await assert.rejects(committed, {
      name: "StoreError",
      code: "TRANSACTION_ENDED",
    });
    assert.equal(runs, 3);
    assert.equal(
      (await provider.getEventsFrom("counters", undefined)).length,
      0,
    );
    await appendTo(provider, "ada", 1);
  },
);

onMongo("a key of the application's own is no version conflict", async (t) => {
  const { provider, events } = await open(t);
  await events.createIndex({ "event.number": 1 }, { unique: true });
  await appendTo(provider, "ada", 1);
  for (const count of [1, 2]) {
    const refused = appendTo(provider, `bob ${count}`, 1, { count });
    await assert.rejects(refused, (error: any) => {
      assert.equal(error.code, "STORE_FAILED");
      assert.match(error.message, /E11000/);
      return true;
    });
  }
  const outcomes = await Promise.allSettled([
    appendTo(provider, "ada", 2),
    appendTo(provider, "eve", 1),
    appendTo(provider, "ada", 9),
    appendTo(provider, "ada", 1),
  ]);
  assert.deepEqual(
    outcomes.map((one) => one.status === "fulfilled" || one.reason.code),
    [true, "STORE_FAILED", "VERSION_CONFLICT", "VERSION_CONFLICT"],
  );
});
