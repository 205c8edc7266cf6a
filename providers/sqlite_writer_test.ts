import assert from "node:assert/strict";
import { DatabaseSync } from "node:sqlite";
import { test } from "node:test";
import {
  appendTo,
  createGate,
  hasCode,
  openProvider,
  sleep,
  temporaryPath,
} from "../tests/sqlite_database.ts";
test("append() inside transact() without its tx is refused", async (t) => {
  const provider = await openProvider(t, { path: temporaryPath(t) });
  await provider.transact(async (tx) => {
    await assert.rejects(appendTo(provider, "ada", 1), {
      name: "StoreError",
      code: "TRANSACTION_JOINED",
      message:
        'Cannot run append beside the transaction that this code runs in: give it the transaction as "tx"',
    });
    await appendTo(provider, "ada", 1, { tx });
    // Reads have a connection of their own, which sees what is committed.
    assert.equal((await provider.getEventsFor("accounts", "ada")).length, 0);
  });
  assert.equal((await provider.getEventsFor("accounts", "ada")).length, 1);
});

test("append() inside transact() is refused also while others wait", async (t) => {
  const provider = await openProvider(t, { path: temporaryPath(t) });
  const [inside, mayGoOn] = [createGate(), createGate()];
  const transaction = provider.transact(async () => {
    inside.open();
    await mayGoOn.opened;
    await assert.rejects(
      appendTo(provider, "ada", 1),
      hasCode("TRANSACTION_JOINED"),
    );
  });
  await inside.opened;
  const waiting = appendTo(provider, "bob", 1);
  mayGoOn.open();
  await transaction;
  assert.deepEqual(await waiting, [1]);
});

test("append() beside transact() waits, and is not lost with it", async (t) => {
  const provider = await openProvider(t, { path: temporaryPath(t) });
  const [inside, mayEnd] = [createGate(), createGate()];
  const transaction = provider.transact(async (tx) => {
    await appendTo(provider, "ada", 1, { tx });
    inside.open();
    await mayEnd.opened;
    throw new Error("the work's own");
  });
  await inside.opened;
  let isStored = false;
  const beside = appendTo(provider, "bob", 1).then(() => isStored = true);
  await sleep(20);
  assert.equal(isStored, false);
  mayEnd.open();
  await assert.rejects(transaction, /the work's own/);
  await beside;
  const events = await provider.getEventsFrom("accounts", 0);
  assert.deepEqual(events.map((stored) => stored.aggregateId), ["bob"]);
});

test("reads of a database in memory wait for the transaction", async (t) => {
  const client = new DatabaseSync(":memory:");
  const provider = await openProvider(t, { client });
  const inside = createGate();
  const transaction = provider.transact(async (tx) => {
    await appendTo(provider, "ada", 1, { tx });
    inside.open();
    await sleep(5);
    throw new Error("the work's own");
  });
  await inside.opened;
  const events = provider.getEventsFrom("accounts", 0);
  await assert.rejects(transaction, /the work's own/);
  assert.equal((await events).length, 0);
});

test("a client in somebody else's transaction is refused", async (t) => {
  const client = new DatabaseSync(":memory:");
  const provider = await openProvider(t, { client });
  await appendTo(provider, "ada", 1);
  client.exec("BEGIN");
  const calls = [
    () => appendTo(provider, "ada", 2),
    () => appendTo(provider, "ada", 2, { tx: client }),
    () => provider.transact(() => Promise.resolve()),
    // It would see what is not committed.
    () => provider.getEventsFrom("accounts", 0),
  ];
  for (const call of calls) {
    await assert.rejects(call, {
      code: "TRANSACTION_FOREIGN",
      message: /^Cannot run (append|transact|getEventsFrom): /,
    });
  }
  client.exec("COMMIT");
  await appendTo(provider, "ada", 2);
});

test("a tx of another provider, or of before, is refused", async (t) => {
  const provider = await openProvider(t, { path: temporaryPath(t) });
  const other = await openProvider(t, { path: temporaryPath(t) });
  const before = await provider.transact((tx) => Promise.resolve(tx));
  const appendWith = (tx: unknown) => appendTo(provider, "ada", 1, { tx });
  await other.transact(async (tx) => {
    const foreign = hasCode("TRANSACTION_FOREIGN");
    await assert.rejects(appendWith(tx), foreign);
    await provider.transact(() => assert.rejects(appendWith(tx), foreign));
    for (const wrong of [before, {}, null]) {
      await assert.rejects(appendWith(wrong), {
        code: "TRANSACTION_ENDED",
        field: "tx",
      });
    }
  });
});

test("transact() does not resolve if a swallowed error ended it", async (t) => {
  const provider = await openProvider(t, { path: temporaryPath(t) });
  await provider.setPosition("balances", 1);
  const committed = provider.transact(async (tx) => {
    await appendTo(provider, "ada", 1, { tx });
    try {
      tx.exec(
        "INSERT OR ROLLBACK INTO bookmarks (bookmark, position) VALUES ('balances', 2)",
      );
    } catch {
      // As a handler might.
    }
    await assert.rejects(
      appendTo(provider, "bob", 1, { tx }),
      hasCode("TRANSACTION_ENDED"),
    );
  });
  await assert.rejects(committed, {
    name: "StoreError",
    code: "TRANSACTION_ENDED",
    message: /^Cannot run transact: its transaction was ended by somebody else/,
  });
  assert.equal((await provider.getEventsFrom("accounts", 0)).length, 0);
  await appendTo(provider, "ada", 1);
});

test("an append that fails inside transact() leaves nothing in it", async (t) => {
  const client = new DatabaseSync(":memory:");
  const provider = await openProvider(t, { client });
  client.exec(`CREATE TRIGGER no BEFORE INSERT ON events WHEN new.version = 3
    BEGIN SELECT raise(ABORT, 'not the third'); END`);
  await provider.transact(async (tx) => {
    await appendTo(provider, "ada", 1, { tx });
    await assert.rejects(appendTo(provider, "ada", 2, { tx, count: 2 }), {
      code: "STORE_FAILED",
      message: "Cannot run append: not the third",
      stream: "accounts",
      aggregateId: "ada",
    });
  });
  assert.equal((await provider.getEventsFor("accounts", "ada")).length, 1);
});

test("an append whose error rolled back its transaction tells that error", async (t) => {
  const client = new DatabaseSync(":memory:");
  const provider = await openProvider(t, { client });
  client.exec(`CREATE TRIGGER no BEFORE INSERT ON events
    BEGIN SELECT raise(ROLLBACK, 'all of it'); END`);
  const committed = provider.transact(async (tx) => {
    await assert.rejects(appendTo(provider, "ada", 1, { tx }), {
      code: "STORE_FAILED",
      message: "Cannot run append: all of it",
    });
  });
  await assert.rejects(committed, hasCode("TRANSACTION_ENDED"));
});

test("writes that are committed together fail one by one", async (t) => {
  const client = new DatabaseSync(":memory:");
  const provider = await openProvider(t, { client });
  client.exec(`CREATE TRIGGER no BEFORE INSERT ON events
    WHEN new.aggregate_id = 'eve' AND new.version = 2
    BEGIN SELECT raise(ABORT, 'not eve'); END`);
  const outcomes = await Promise.allSettled([
    appendTo(provider, "ada", 1),
    appendTo(provider, "eve", 1, { count: 2 }),
    appendTo(provider, "ada", 1),
    appendTo(provider, "ada", 2),
    provider.setPosition("balances", 7, { from: 0 }),
  ]);
  assert.deepEqual(
    outcomes.map((one) => one.status === "fulfilled" || one.reason.code),
    [true, "STORE_FAILED", "VERSION_CONFLICT", true, true],
  );
  const events = await provider.getEventsFrom("accounts", 0);
  assert.deepEqual(
    events.map((stored) => `${stored.aggregateId} ${stored.version}`),
    ["ada 1", "ada 2"],
  );
  assert.equal(await provider.getPosition("balances"), 7);
});

test("what changes after the call is not what is stored", async (t) => {
  const client = new DatabaseSync(":memory:");
  const provider = await openProvider(t, { client });
  const event = { type: "Deposited", cents: 1 };
  const created = provider.createEvents("accounts", "ada", 1, [event]);
  const appended = provider.append("accounts", "ada", 1, created);
  event.cents = 2;
  await appended;
  const [stored] = await provider.getEventsFor("accounts", "ada");
  assert.equal(stored?.event.cents, 1);
});

test("a full database is STORE_FULL, and goes on when there is room", async (t) => {
  const client = new DatabaseSync(temporaryPath(t));
  t.after(() => client.close());
  const provider = await openProvider(t, { client });
  const pages = Number(client.prepare("PRAGMA page_count").get()?.page_count);
  client.exec(`PRAGMA max_page_count = ${pages}`);
  await assert.rejects(
    appendTo(provider, "ada", 1, { count: 500 }),
    (error) => {
      const { code, aggregateId, cause } = error as any;
      assert.deepEqual([code, aggregateId, cause?.errcode], [
        "STORE_FULL",
        "ada",
        13,
      ]);
      return true;
    },
  );
  // Nor is half of it stored by whoever goes on after the error.
  await provider.transact(async (tx) => {
    const full = appendTo(provider, "ada", 1, { count: 500, tx });
    await assert.rejects(full, hasCode("STORE_FULL"));
  });
  client.exec(`PRAGMA max_page_count = ${pages + 1000}`);
  const positions = await appendTo(provider, "ada", 1, { count: 500 });
  assert.equal(positions.length, 500);
  assert.equal((await provider.getEventsFor("accounts", "ada")).length, 500);
});
