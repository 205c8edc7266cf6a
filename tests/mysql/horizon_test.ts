import assert from "node:assert/strict";
import { createConnection } from "npm:mysql2@3/promise";
import { createProvider } from "../../providers/knex.ts";
import { knexOnMysql } from "../providers/support/knex.ts";
import { append, onDatabase, readLog, sleep } from "./support.ts";

onDatabase(
  "mariadb",
  "horizon() names the transaction that holds handlers back",
  async ({ provider, client, reports }) => {
    await append(provider, "before", 1);
    const tx = await client.transaction();
    const held = await append(provider, "held", 1, tx);
    const later = await append(provider, "later", 1);
    await sleep(30);
    const { position, blockedBy } = await provider.horizon();
    assert(position < held.position, "Expected it to stand before the writer");
    assert.equal(blockedBy.length, 1);
    assert.match(blockedBy[0]!.session, /^connection \d+ of evtstore sleep/);
    assert(blockedBy[0]!.ageMs! >= 20, `It is ${blockedBy[0]!.ageMs} ms old`);
    await tx.commit();
    assert.deepEqual(await provider.horizon(), {
      position: later.position,
      blockedBy: [],
    });
    assert.deepEqual(reports, []);
  },
);

onDatabase(
  "mariadb",
  "an idle transaction that appended stops neither writers nor what is before it",
  async ({ provider, client }) => {
    const first = await append(provider, "first", 1);
    assert.deepEqual(await readLog(provider), [first]);
    const tx = await client.transaction();
    await append(provider, "held", 1, tx);
    const start = performance.now();
    for (let index = 0; index < 20; index++) {
      await append(provider, `later ${index}`, 1);
      await readLog(provider);
    }
    const took = performance.now() - start;
    assert(took < 5000, `20 appends took ${took} ms`);
    assert.deepEqual(await readLog(provider), [first]);
    await tx.rollback();
    assert.equal((await readLog(provider)).length, 21);
  },
);

onDatabase(
  "mariadb",
  "a gap that a rollback left is passed once its writer is gone",
  async ({ provider, client }) => {
    const tx = await client.transaction();
    const gone = await append(provider, "gone", 1, tx);
    await tx.rollback();
    const later = await append(provider, "later", 1);
    assert(later.position > gone.position);
    assert.deepEqual(await readLog(provider), [later]);
  },
);

onDatabase(
  "mariadb",
  "onError is told once who holds handlers back",
  async ({ provider, client, reports }) => {
    const tx = await client.transaction();
    await append(provider, "held", 1, tx);
    await append(provider, "later", 1);
    for (const end = performance.now() + 5600; performance.now() < end;) {
      assert.deepEqual(await readLog(provider), []);
      await sleep(100);
    }
    await tx.rollback();
    assert.deepEqual(reports.map(({ code }) => code), ["HORIZON_HELD"]);
    assert.match(
      reports[0].message,
      /waited at position 0 for 5\d{3} ms: connection \d+ of evtstore sleep/,
    );
  },
);

onDatabase(
  "mariadb",
  "a client that is in a transaction is refused, which would see an old state",
  async ({ client }) => {
    const tx = await client.transaction(undefined, {
      isolationLevel: "repeatable read",
    });
    await tx("events").select();
    assert.throws(
      () => createProvider({ client: tx as any }),
      (error: any) => error.code === "INVALID_INPUT",
    );
    await tx.rollback();
  },
);

onDatabase(
  "mariadb",
  "a table that is emptied begins again",
  async ({ provider, client }) => {
    for (const id of ["a", "b", "c"]) await append(provider, id, 1);
    assert.equal((await readLog(provider)).length, 3);
    await client("events").truncate();
    const tx = await client.transaction();
    const held = await append(provider, "held", 1, tx);
    assert.equal(held.position, 1);
    await append(provider, "later", 1);
    assert.deepEqual(await readLog(provider), []);
    await tx.commit();
    assert.equal((await readLog(provider)).length, 2);
  },
);

onDatabase(
  "mariadb",
  "a user that may not see the locks reads behind the barrier, with a warning",
  async ({ client, url }) => {
    const name = new URL(url).pathname.slice(1);
    await client.raw("CREATE USER ??@'%' IDENTIFIED BY 'secret'", [name]);
    await client.raw("GRANT ALL ON ??.* TO ??@'%'", [name, name]);
    const restricted = new URL(url);
    restricted.username = name;
    restricted.password = "secret";
    const other = knexOnMysql(restricted.href);
    const reports: any[] = [];
    const provider = createProvider({
      client: other,
      onError: (error) => void reports.push(error),
    });
    const stored = await append(provider, "id", 1);
    assert.deepEqual(await readLog(provider), [stored]);
    await readLog(provider);
    assert.equal(reports.length, 1);
    assert.equal(reports[0].code, "ORDERING_LIMITED");
    assert.match(reports[0].message, /SELECT command denied/);
    await other.destroy();
    await client.raw("DROP USER ??@'%'", [name]);
  },
);

onDatabase(
  "mariadb_barrier",
  "a writer that does not share the row is seen by nobody, as the warning says",
  async ({ provider, url, reports }) => {
    const plain = await createConnection(url);
    await plain.query("START TRANSACTION");
    await plain.query(
      "INSERT INTO events (stream, aggregate_id, version, timestamp, event) VALUES ('stream', 'plain', 1, NOW(3), '{}')",
    );
    const later = await append(provider, "later", 1);
    assert.deepEqual(await readLog(provider), [later]);
    await plain.query("COMMIT");
    assert.deepEqual(
      await readLog(provider, later.position),
      [],
    );
    await plain.end();
    assert.equal(reports.length, 1);
    assert.match(reports[0].message, /may miss what plain SQL/);
  },
);

onDatabase(
  "mariadb_barrier",
  "an idle transaction that appended holds appends up for a second at most",
  async ({ provider, client }) => {
    const tx = await client.transaction();
    const held = await append(provider, "held", 1, tx);
    let isOver = false;
    const reading = (async () => {
      while (!isOver) {
        assert.deepEqual(await readLog(provider), []);
        await sleep(5);
      }
    })();
    const times: number[] = [];
    for (const start = performance.now(); performance.now() - start < 2500;) {
      const began = performance.now();
      await append(provider, crypto.randomUUID(), 1);
      times.push(performance.now() - began);
    }
    isOver = true;
    await reading;
    const slow = times.filter((time) => time > 700);
    assert.equal(slow.length, 1, `${slow.length} of ${times.length} waited`);
    assert(slow[0]! < 2000, `It waited ${slow[0]} ms`);
    await tx.commit();
    await sleep(30);
    const [first] = await readLog(provider);
    assert.deepEqual(first, held);
  },
);
