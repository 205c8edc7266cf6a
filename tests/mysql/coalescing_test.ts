import { DuplicateCommandError, VersionError } from "evtstore";
import assert from "node:assert/strict";
import {
  appendForty,
  appendNumbered as append,
  appendTen,
  checkForty,
  checkRace,
  checkRefusedAlone,
  checkUnknown,
  together,
} from "../providers/support/together.ts";
import { onDatabase, type Opened, sleep } from "./support.ts";

const ORDERINGS = ["horizon", "serialized"] as const;

for (const server of ["mariadb", "mariadb_barrier"] as const) {
  for (const ordering of ORDERINGS) {
    const on = (name: string, test: (opened: Opened) => Promise<void>) =>
      onDatabase(server, `${name} (${ordering})`, test, { ordering });

    on("together, each gets the positions of its own", testResults);
    on("32 callers race: winners are events", testRace);
    on("a command id is stored once", testCommandId);
    on("an event that the database refuses fails alone", testRefused);
    on("a connection that is cut tells each caller", testCut);
    // Who has the turn keeps it while it waits.
    if (ordering === "horizon") {
      on("a blocked aggregate delays its own caller", testBlocked);
    }
  }
}

async function testResults({ provider, client }: Opened): Promise<void> {
  await append(provider, "known");
  const before = await commits(client);
  const results = await together(provider, () => [
    ...appendForty(provider),
    append(provider, "known", { version: 2 }),
    append(provider, "known", { version: 9 }),
    append(provider, "nowhere", { version: 7 }),
  ]);
  const statements = await commits(client) - before;
  assert(statements < 20, `43 appends by ${statements} statements`);
  await checkForty(provider, results);
  assert.equal(results[40]!.status, "fulfilled");
  for (const [index, actual] of [[41, 2], [42, 0]] as const) {
    const result = results[index]!;
    assert(result.status === "rejected");
    assert(result.reason instanceof VersionError);
    assert.equal(result.reason.actualVersion, actual);
  }
}

/** How many statements have inserted, on the whole server. */
async function commits(client: Opened["client"]): Promise<number> {
  const [rows] = await client.raw(
    "SHOW GLOBAL STATUS WHERE Variable_name = 'Com_insert'",
  );
  return Number(rows[0].Value);
}

async function testRace({ provider, client }: Opened): Promise<void> {
  await checkRace(provider, 3, async (id) => {
    const rows = await client("events").where({ aggregate_id: id })
      .orderBy("position");
    return rows.map(({ version }) => version);
  });
}

async function testCommandId({ provider }: Opened): Promise<void> {
  const commandId = "pay";
  await append(provider, "before", { commandId });
  const results = await together(provider, () => [
    ...Array.from(
      { length: 8 },
      () => append(provider, "same", { commandId, count: 2 }),
    ),
    append(provider, "another", { commandId }),
    append(provider, "before", { commandId, version: 2 }),
    append(provider, "free"),
  ]);
  const refused = results.filter(({ status }) => status === "rejected");
  assert.equal(refused.length, 8);
  for (const result of refused) {
    assert(result.status === "rejected");
    assert(result.reason instanceof DuplicateCommandError);
  }
  assert.equal((await provider.getEventsFor("s", "same")).length, 2);
  assert.equal((await provider.getEventsFor("s", "before")).length, 1);
  assert.equal(await provider.findCommand!("s", "another", commandId), 1);
}

async function testRefused({ provider, client }: Opened): Promise<void> {
  await client.raw(
    `CREATE TRIGGER refuse BEFORE INSERT ON events FOR EACH ROW
     IF NEW.event LIKE '%bad%' THEN
       SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'refused by the trigger';
     END IF`,
  );
  await checkRefusedAlone(provider, 10_000);
}

async function testCut({ provider, client }: Opened): Promise<void> {
  await client.raw(
    `CREATE TRIGGER dawdle BEFORE INSERT ON events FOR EACH ROW
     IF NEW.event LIKE '%slow%' THEN
       SET @slept = SLEEP(20);
     END IF`,
  );
  const cutting = cutSleeping(client);
  const results = await together(provider, () => appendTen(provider));
  await cutting;
  checkUnknown(results);
  await append(provider, "a0");
}

async function cutSleeping(client: Opened["client"]): Promise<void> {
  for (;;) {
    const [rows] = await client.raw(
      "SELECT id FROM information_schema.processlist WHERE db = DATABASE() AND state = 'User sleep'",
    );
    if (rows.length > 0) {
      await client.raw(`KILL ${rows[0].id}`);
      return;
    }
    await sleep(20);
  }
}

async function testBlocked({ provider, client }: Opened): Promise<void> {
  // Whoever waits for a row of InnoDB locks the gaps beside it as well: these
  // are narrow, and those that must not wait are elsewhere.
  await append(provider, "blockeb");
  await append(provider, "blockef");
  const locker = await client.transaction();
  await locker("events").insert({
    stream: "s",
    aggregate_id: "blocked",
    version: 1,
    timestamp: "2026-01-01 00:00:00",
    event: '{"type":"Written"}',
  });
  let isOver = false;
  const first = append(provider, "y");
  const blocked = append(provider, "blocked").finally(() => isOver = true);
  const outcome = Promise.allSettled([blocked]);
  for (let round = 0; round < 3; round++) {
    await Promise.all(
      Array.from(
        { length: 30 },
        () => append(provider, `z${crypto.randomUUID()}`),
      ),
    );
  }
  assert.equal(isOver, false);
  await locker.rollback();
  await first;
  const [result] = await outcome;
  assert.equal(result!.status, "fulfilled");
  assert.equal((await provider.getEventsFor("s", "blocked")).length, 1);
}
