import type { StoreError } from "evtstore";
import { createProvider, migrate } from "evtstore/provider/postgres";
import postgres, { type TransactionSql } from "postgres";
import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { setTimeout } from "node:timers/promises";
import type { Provider } from "../../core/provider.ts";
import { Proxy } from "../faults/proxy.ts";
import {
  openSchema,
  type PostgresSchema,
  type PostgresServer,
  postgresServers,
} from "../providers/support/postgres.ts";

for (const server of postgresServers) {
  describe(`Postgres.js on ${server.name}`, () => testPostgresJs(server));
}

function testPostgresJs(server: PostgresServer): void {
  let schema: PostgresSchema;
  let sql: postgres.Sql;
  let provider: Provider<any, TransactionSql<any>>;
  before(async () => {
    schema = await openSchema(server);
    sql = postgres(schema.url, { onnotice: () => {} });
    await migrate({ client: sql });
    provider = createProvider({ sql, onError: () => {} });
    await schema.query("CREATE TABLE notes (text text)");
  });
  after(async () => {
    await sql.end({ timeout: 1 });
    await schema.drop();
  });

  const append = async (
    id: string,
    { by = provider, ...options }: {
      by?: Provider<any, TransactionSql<any>>;
      tx?: TransactionSql<any>;
    } = {},
  ) => {
    const events = by.createEvents("s", id, 1, [{ type: "Written" }]);
    await by.append("s", id, 1, events, options);
  };
  const isStored = async (id: string) =>
    (await provider.getEventsFor("s", id)).length === 1;
  const notes = async () => {
    const rows = await schema.query("SELECT text FROM notes");
    await schema.query("TRUNCATE notes");
    return rows.map(({ text }) => text).sort();
  };

  it("the promise of a client will do for one", async () => {
    const promised = Promise.resolve(sql);
    await migrate({ sql: promised, events: "promised" });
    const by = createProvider({ sql: promised, events: "promised" });
    await append("one", { by });
    const [stored] = await by.getEventsFor("s", "one");
    assert.equal(stored?.version, 1);
    assert.equal(await isStored("one"), false);
  });

  it("who first uses a client that could not be made learns of it", async () => {
    const problem = new Error("no password");
    const by = createProvider({
      sql: Promise.reject<postgres.Sql>(problem),
      onError: () => {},
    });
    // Nobody has asked yet, and the process has to live on.
    await setTimeout(10);
    await assert.rejects(
      append("never", { by }),
      (error) => error === problem,
    );
  });

  it("each way to run a statement is in the transaction", async () => {
    await provider.transact!(async (tx) => {
      await append("committed", { tx });
      await tx`INSERT INTO notes VALUES (${"by template"})`;
      await tx`INSERT INTO notes ${tx({ text: "by helper" })}`;
      const json = tx.json({ text: "by JSON" });
      await tx`INSERT INTO notes VALUES (${json}::json ->> 'text')`;
      await tx.unsafe("INSERT INTO notes VALUES ($1)", ["by text"]);
      await tx.savepoint((inner) =>
        inner`INSERT INTO notes VALUES ('by savepoint')`
      );
      await tx.savepoint(
        "named",
        (inner) => inner`INSERT INTO notes VALUES ('by its name')`,
      );
    });
    assert(await isStored("committed"));
    const ways = [
      "JSON",
      "helper",
      "its name",
      "savepoint",
      "template",
      "text",
    ];
    assert.deepEqual(await notes(), ways.map((way) => `by ${way}`));
    const problem = new Error("the work's own");
    await assert.rejects(
      provider.transact!(async (tx) => {
        await append("rolled back", { tx });
        await tx`INSERT INTO notes VALUES ('rolled back')`;
        await tx.savepoint((inner) =>
          inner`INSERT INTO notes VALUES ('rolled back')`
        );
        throw problem;
      }),
      (error) => error === problem,
    );
    assert.equal(await isStored("rolled back"), false);
    assert.deepEqual(await notes(), []);
  });

  it("an append in a savepoint that is rolled back is undone alone", async () => {
    await provider.transact!(async (tx) => {
      await append("outside", { tx });
      await tx.savepoint(async (inner) => {
        await append("inside", { tx: inner });
        throw new Error("rolls back to the savepoint");
      }).catch(() => {});
      await tx.savepoint((inner) => append("kept", { tx: inner }));
    });
    assert.deepEqual(
      await Promise.all(["outside", "inside", "kept"].map(isStored)),
      [true, false, true],
    );
  });

  it("a transaction that is over runs nothing, in whichever way", async () => {
    let [left, inside]: TransactionSql<any>[] = [];
    await provider.transact!(async (tx) => {
      left = tx;
      await tx.savepoint(async (inner) => {
        inside = inner;
        await inner`SELECT 1`;
      });
    });
    await expectNothingRuns(left!, inside!);
    assert.deepEqual(await notes(), []);
  });

  it("nor does one whose connection was lost, and the next one works", async () => {
    const { proxy, address } = await Proxy.before(schema.url);
    const lost = postgres(address, { onnotice: () => {}, backoff: () => 0.01 });
    const by = createProvider({ sql: lost, onError: () => {} });
    let isRefused = false;
    await assert.rejects(
      by.transact!(async (tx) => {
        await append("lost", { tx, by });
        const inner = await tx.savepoint((inner) => ({ inner }));
        await proxy.refuse();
        await proxy.accept();
        // Until the driver has seen it.
        await assert.rejects(until(() => tx.unsafe("SELECT 1")));
        await expectNothingRuns(tx, inner.inner);
        isRefused = true;
      }),
      (error: StoreError) => error.code === "CONNECTION_LOST",
    );
    assert(isRefused);
    assert.deepEqual(await notes(), []);
    assert.equal(await isStored("lost"), false);
    await append("found", { by });
    assert(await isStored("found"));
    await lost.end({ timeout: 1 });
    await proxy.refuse();
  });
}

/** Each of its ways to run a statement refuses at once, and writes nothing. */
async function expectNothingRuns(
  ...transactions: TransactionSql<any>[]
): Promise<void> {
  for (const tx of transactions) {
    for (
      const run of [
        () => tx`INSERT INTO notes VALUES ('by template')`,
        () => tx.unsafe("INSERT INTO notes VALUES ('by text')"),
        () => tx.file("no such file"),
        () => tx.savepoint((inner) => inner`INSERT INTO notes VALUES ('in')`),
      ]
    ) {
      await assert.rejects(
        async () => void await run(),
        (error: StoreError) => error.code === "TRANSACTION_ENDED",
      );
    }
  }
}

/** Runs a statement again until it fails. */
async function until(run: () => PromiseLike<unknown>): Promise<void> {
  for (let tries = 0; tries < 1000; tries++) {
    await run();
    await setTimeout(5);
  }
}
