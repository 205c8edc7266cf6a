import assert from "node:assert/strict";
import { createAggregate, createCommands, createDomain } from "evtstore";
import type { Knex } from "npm:knex@3";
import { onDatabase, rejectsWith, storedIds } from "./support.ts";

const user = createAggregate({
  stream: "s",
  create: () => ({}),
  fold: (_event: { type: "Written" }) => ({}),
});

function commandsOf(provider: any) {
  const { domain } = createDomain({ provider }, { user });
  return createCommands(domain.user, {
    write: () => ({ type: "Written" }),
  });
}

/** A transaction whose snapshot is older than what `meanwhile` commits. */
async function onOldSnapshot(
  client: Knex,
  meanwhile: () => Promise<unknown>,
  work: (tx: Knex.Transaction) => Promise<unknown>,
): Promise<void> {
  const tx = await client.transaction(undefined, {
    isolationLevel: "repeatable read",
  });
  try {
    await tx.raw("SELECT 1 FROM events LIMIT 1");
    await meanwhile();
    await work(tx);
    await tx.commit();
  } catch (error) {
    await tx.rollback();
    throw error;
  }
}

onDatabase(
  "mariadb",
  "a snapshot does not hide that what a command requires has changed",
  async ({ provider, client }) => {
    const users = commandsOf(provider);
    const requires = [{ stream: "s", aggregateId: "other", version: 1 }];
    await users.write("other", {});
    await assert.rejects(
      onOldSnapshot(
        client,
        () => users.write("other", {}),
        (tx) => users.write("own", {}, { tx, requires }),
      ),
      { code: "REQUIREMENT_FAILED", requiredVersion: 1, actualVersion: 2 },
    );
    assert.deepEqual(await storedIds(client), ["other", "other"]);
  },
);

onDatabase(
  "mariadb",
  "a key whose owner a snapshot hides is a conflict, and not taken over",
  async ({ provider, client }) => {
    const users = commandsOf(provider);
    await rejectsWith(
      onOldSnapshot(
        client,
        () => users.write("first", {}, { reserve: ["key"] }),
        (tx) => users.write("second", {}, { tx, reserve: ["key"] }),
      ),
      "TRANSACTION_CONFLICT",
      /another transaction was at it too/,
    );
    assert.deepEqual(await storedIds(client), ["first"]);
  },
);

onDatabase(
  "mariadb",
  "what is held leaves no row, and a hole in the positions as a rollback does",
  async ({ provider, client }) => {
    const users = commandsOf(provider);
    await users.write("other", {});
    const requires = [{ stream: "s", aggregateId: "other", version: 1 }];
    await users.write("own", {}, { requires });
    const rows = await client("events").orderBy("position");
    assert.deepEqual(rows.map(({ aggregate_id: id }) => id), ["other", "own"]);
    assert.equal(rows[1].position - rows[0].position, 3);
    // Readers go on over the hole.
    const page = await provider.getEventsFrom("s", 0);
    assert.equal(page.length, 2);
    assert.equal(page.scannedTo, rows[1].position);
  },
);
