import { DuplicateCommandError, StoreError, VersionError } from "evtstore";
import assert from "node:assert/strict";
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

function append(
  provider: Opened["provider"],
  id: string,
  { version = 1, note = "", count = 1, commandId = "" } = {},
) {
  const events = provider.createEvents(
    "s",
    id,
    version,
    Array.from({ length: count }, (_, n) => ({ type: "Written", note, n })),
  );
  const options = commandId ? { commandId } : {};
  return provider.append("s", id, version, events, options);
}

/** All at the same time, behind one that is under way already. */
async function together<T>(
  provider: Opened["provider"],
  work: () => Promise<T>[],
): Promise<PromiseSettledResult<T>[]> {
  const first = append(provider, crypto.randomUUID());
  const results = await Promise.allSettled(work());
  await first;
  return results;
}

async function testResults({ provider, client }: Opened): Promise<void> {
  await append(provider, "known");
  const before = await commits(client);
  const results = await together(provider, () => [
    ...Array.from(
      { length: 40 },
      (_, n) =>
        append(provider, `a${n}`, { count: 1 + n % 3, note: `of a${n}` }),
    ),
    append(provider, "known", { version: 2 }),
    append(provider, "known", { version: 9 }),
    append(provider, "nowhere", { version: 7 }),
  ]);
  const statements = await commits(client) - before;
  assert(statements < 20, `43 appends by ${statements} statements`);
  for (let n = 0; n < 40; n++) {
    const result = results[n]!;
    assert(result.status === "fulfilled");
    const stored = await provider.getEventsFor("s", `a${n}`);
    assert.deepEqual(result.value, stored);
    assert.equal(stored.length, 1 + n % 3);
    for (const [index, { version, position, event }] of stored.entries()) {
      assert.equal(version, index + 1);
      assert.equal(event.n, index);
      assert.equal(event.note, `of a${n}`);
      if (index > 0) assert(position > stored[index - 1]!.position);
    }
  }
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
  const wins = new Map<string, number>();
  let losses = 0;
  await Promise.all(
    Array.from({ length: 32 }, async (_, caller) => {
      const id = `raced ${caller % 5}`;
      for (let won = 0; won < 3;) {
        const known = await provider.getEventsFor("s", id);
        const version = known.length + 1;
        const count = 1 + caller % 2;
        try {
          await append(provider, id, { version, count });
          wins.set(id, (wins.get(id) ?? 0) + count);
          won++;
        } catch (error) {
          assert(error instanceof VersionError);
          assert.equal(error.aggregateId, id);
          losses++;
        }
      }
    }),
  );
  assert(losses > 0);
  for (const [id, events] of wins) {
    const rows = await client("events").where({ aggregate_id: id })
      .orderBy("position");
    assert.deepEqual(
      rows.map(({ version }) => version),
      Array.from({ length: events }, (_, index) => index + 1),
    );
  }
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
  const results = await together(
    provider,
    () =>
      Array.from({ length: 20 }, (_, n) =>
        append(provider, `a${n}`, {
          count: 2,
          note: n === 7 ? "bad" : "x".repeat(n * 10_000),
        })),
  );
  for (const [n, result] of results.entries()) {
    const stored = await provider.getEventsFor("s", `a${n}`);
    assert.equal(stored.length, n === 7 ? 0 : 2);
    if (n !== 7) {
      assert.equal(result.status, "fulfilled");
      continue;
    }
    assert(result.status === "rejected");
    assert(result.reason instanceof StoreError);
    assert.equal(result.reason.code, "STORE_FAILED");
    assert.match(result.reason.message, /refused by the trigger/);
    assert.equal(result.reason.aggregateId, "a7");
  }
}

async function testCut({ provider, client }: Opened): Promise<void> {
  await client.raw(
    `CREATE TRIGGER dawdle BEFORE INSERT ON events FOR EACH ROW
     IF NEW.event LIKE '%slow%' THEN
       SET @slept = SLEEP(20);
     END IF`,
  );
  const cutting = cutSleeping(client);
  const results = await together(
    provider,
    () =>
      Array.from(
        { length: 10 },
        (_, n) => append(provider, `a${n}`, { note: n === 9 ? "slow" : "" }),
      ),
  );
  await cutting;
  for (const [n, result] of results.entries()) {
    assert(result.status === "rejected");
    assert(result.reason instanceof StoreError);
    assert.equal(result.reason.code, "OUTCOME_UNKNOWN");
    assert.equal(result.reason.aggregateId, `a${n}`);
  }
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
