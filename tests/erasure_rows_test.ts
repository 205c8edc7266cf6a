import {
  createAggregate,
  createCommands,
  createDomain,
  withMetadata,
} from "evtstore";
import { createProvider, migrate } from "evtstore/provider/sqlite";
import assert from "node:assert/strict";
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { test } from "node:test";

type UserEvent =
  | { type: "Registered"; email: string | null }
  | { type: "Paid"; cents: number };

const secret = "ada.lovelace@example.org";

/** Every value of every row of every table, as text. */
function allRows(path: string): string {
  const database = new DatabaseSync(path);
  const tables = database
    .prepare("SELECT name FROM sqlite_master WHERE type = 'table'").all();
  assert(tables.length > 2);
  const rows = tables.map(({ name }) =>
    database.prepare(`SELECT * FROM "${name}"`).all()
  );
  database.close();
  return JSON.stringify(rows);
}

function allBytes(folder: string): string {
  return readdirSync(folder)
    .map((file) => readFileSync(join(folder, file)).toString("latin1"))
    .join();
}

test("no row has personal data as plain text, whatever feature is used", async () => {
  const folder = mkdtempSync(join(tmpdir(), "evtstore-erasure-"));
  const path = join(folder, "log.db");
  await migrate({ path });
  const provider = createProvider({ path, onError: () => {} });
  const user = createAggregate({
    stream: "users",
    create: () => ({ email: "" as string | null, cents: 0 }),
    fold: (event: UserEvent, user) =>
      event.type === "Registered"
        ? { email: event.email }
        : { cents: user.cents + event.cents },
    personal: { fields: { Registered: { email: null } } },
    snapshot: { version: "1", every: 2, check: 1 },
  });
  const { domain, createHandler, readEvents, forget } = createDomain(
    { provider, useCache: "optimistic" },
    { user },
  );
  const users = createCommands(domain.user, {
    register: ({ email }: { email: string | null }) => ({
      type: "Registered" as const,
      email,
    }),
    pay: ({ cents }: { cents: number }) => ({ type: "Paid" as const, cents }),
  }, { retries: 2 });

  await withMetadata(
    { userId: "u1" },
    () => users.register("ada", { email: secret }, { commandId: "1" }),
  );
  await users.pay("ada", { cents: 5 });
  await users.register("ada", { email: secret }, { commandId: "1" });
  await provider.transact(async (tx) => {
    await users.register("bob", { email: secret }, { tx });
  });
  await domain.user.snapshots!.settled();
  const parking = createHandler("parking", ["users"], {
    onFailure: "park",
    retry: { times: 1, minMs: 1 },
  });
  const transactional = createHandler("transactional", ["users"], {
    transactional: true,
  });
  let calls = 0;
  for (const handler of [parking, transactional]) {
    handler.handle("users", "Registered", (_id, { email }) => {
      assert.equal(email, secret);
      calls++;
      if (handler === parking) throw new Error("parked");
    });
    await handler.runOnce();
  }
  assert.equal(calls, 6);
  assert.equal((await parking.parked()).length, 2);
  let read = 0;
  for await (const { event } of readEvents(["users"])) {
    if (event.type === "Registered") assert.equal(event.email, secret);
    read++;
  }
  assert.equal(read, 3);
  assert.equal((await domain.user.getAggregate("ada")).email, secret);
  await domain.user.snapshots!.settled();

  // What is looked at is there: an event, a snapshot, a parked record, a key.
  const before = allRows(path);
  for (
    const what of ["evtstore:sealed", "evtstore.snapshot", "parked", "Paid"]
  ) {
    assert(before.includes(what), what);
  }
  assert(!before.includes(secret), "no row has the address");
  assert(!allBytes(folder).includes(secret), "no file has the address");
  const [{ value: { key } } = { value: {} }] = await provider.records
    .list("evtstore.key");
  assert.equal(typeof key, "string");
  assert(before.includes(key), "the key is there until it is destroyed");

  await forget("ada");
  const after = allRows(path);
  assert(!after.includes(key), "the key is in no row");
  assert(!after.includes(secret), "nor is the address");
  assert.equal((await domain.user.getAggregate("ada")).email, null);
  assert.equal((await domain.user.getAggregate("bob")).email, secret);
  await users.pay("ada", { cents: 5 });
  await users.pay("ada", { cents: 5 });
  await domain.user.snapshots!.settled();
  assert(!allRows(path).includes(secret));
  await provider.close();
  rmSync(folder, { recursive: true });
});
