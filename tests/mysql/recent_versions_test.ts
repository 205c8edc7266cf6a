import assert from "node:assert/strict";
import { setTimeout } from "node:timers/promises";
import { createProvider } from "../../providers/knex.ts";
import { appendNumbered as append } from "../providers/support/together.ts";
import { onDatabase, type Opened } from "./support.ts";

for (const server of ["mariadb", "mariadb_barrier"] as const) {
  onDatabase(server, "an append behind a load does not look", testLook);
  onDatabase(server, "of two that know the same one is refused", testConflict);
  onDatabase(
    server,
    "what another appended meanwhile is a conflict",
    testOther,
  );
  onDatabase(server, "what is rolled back is not known", testRolledBack);
}

/** How many statements read the version of an aggregate meanwhile. */
async function looksOf(
  { client }: Opened,
  work: () => Promise<unknown>,
): Promise<number> {
  const driver = client.client;
  const acquire = driver.acquireConnection;
  let looks = 0;
  driver.acquireConnection = async () => {
    const connection = await acquire.call(driver);
    const query = Object.getPrototypeOf(connection).query;
    connection.query = (options: { sql: string }, ...others: unknown[]) => {
      if (/SELECT version, stream/.test(options.sql)) looks++;
      return query.call(connection, options, ...others);
    };
    return connection;
  };
  await work();
  driver.acquireConnection = acquire;
  return looks;
}

async function testLook(opened: Opened): Promise<void> {
  const { provider, client } = opened;
  await append(provider, "x");
  let version = 2;
  const looks = (by = provider) =>
    looksOf(opened, () => append(by, "x", { version: version++ }));
  // A machine may stand still for longer than what was read is trusted.
  const hasBlindOne = async (before: () => Promise<unknown>) => {
    for (let attempt = 0; attempt < 5; attempt++) {
      await before();
      if (await looks() === 0) return true;
    }
    return false;
  };
  assert(await hasBlindOne(async () => {}), "behind an append");
  assert.equal(await looks(createProvider({ client })), 1);
  // What was known is old by then.
  await setTimeout(1100);
  assert.equal(await looks(), 1);
  assert(
    await hasBlindOne(async () => {
      await setTimeout(1100);
      await provider.getEventsFor("s", "x");
    }),
    "behind a load",
  );
}

async function testConflict({ provider }: Opened): Promise<void> {
  await append(provider, "x");
  const results = await Promise.allSettled([
    append(provider, "x", { version: 2 }),
    append(provider, "x", { version: 2 }),
  ]);
  assert.deepEqual(results.map(({ status }) => status).sort(), [
    "fulfilled",
    "rejected",
  ]);
  await assert.rejects(append(provider, "x", { version: 4 }), {
    name: "VersionError",
    expectedVersion: 3,
    actualVersion: 2,
  });
}

async function testOther({ provider, client }: Opened): Promise<void> {
  await append(provider, "x");
  await append(createProvider({ client }), "x", { version: 2 });
  await assert.rejects(append(provider, "x", { version: 2 }), {
    name: "VersionError",
    expectedVersion: 1,
    actualVersion: 2,
  });
}

async function testRolledBack({ provider }: Opened): Promise<void> {
  const undone = new Error("undone");
  await assert.rejects(
    provider.transact(async (tx) => {
      const events = provider.createEvents("s", "x", 1, [{ type: "Written" }]);
      await provider.append("s", "x", 1, events, { tx });
      const found = await provider.getEventsFor("s", "x", undefined, { tx });
      assert.equal(found.length, 1);
      throw undone;
    }),
    undone,
  );
  await assert.rejects(append(provider, "x", { version: 2 }), {
    name: "VersionError",
    actualVersion: 0,
  });
}
