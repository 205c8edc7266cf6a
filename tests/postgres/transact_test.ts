import type { StoreError } from "evtstore";
import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import type { Provider } from "../../core/provider.ts";
import { openPg } from "../providers/support/pg.ts";
import {
  openSchema,
  type PostgresSchema,
  type PostgresServer,
  postgresServers,
} from "../providers/support/postgres.ts";
import { openPostgresJs } from "../providers/support/postgres_js.ts";

/** A provider, and how to run a statement in its transaction. */
type Driver = {
  provider: Provider<any, any>;
  run(tx: any, text: string): Promise<unknown>;
  close(): Promise<unknown>;
};
type Open = (
  url: string,
  options?: { max?: number; transactionTimeoutMs?: number; onError?: any },
) => Promise<Driver>;

const drivers: { [name: string]: Open } = {
  pg: async (url, options) => ({
    ...await openPg(url, options),
    run: (tx, text) => tx.query(text),
  }),
  postgres: async (url, options) => ({
    ...await openPostgresJs(url, options),
    run: (tx, text) => tx.unsafe(text),
  }),
};

for (const server of postgresServers) {
  for (const [name, open] of Object.entries(drivers)) {
    describe(`transact by ${name} on ${server.name}`, () =>
      testTransact(server, open));
  }
}

function testTransact(server: PostgresServer, open: Open): void {
  let schema: PostgresSchema;
  let driver: Driver;
  before(async () => {
    schema = await openSchema(server);
    driver = await open(schema.url);
    await schema.query(
      "CREATE TABLE notes (id integer PRIMARY KEY, text text)",
    );
    await schema.query("INSERT INTO notes VALUES (1, 'one'), (2, 'two')");
  });
  after(async () => {
    await driver.close();
    await schema.drop();
  });

  const append = (id: string, tx?: unknown, provider = driver.provider) => {
    const events = provider.createEvents("s", id, 1, [{ type: "Written" }]);
    return provider.append("s", id, 1, events, tx ? { tx } : {});
  };
  const isStored = async (id: string) =>
    (await driver.provider.getEventsFor("s", id)).length > 0;

  it("an SQL error that is swallowed is told, not committed", async () => {
    await rejects(
      driver.provider.transact!(async (tx) => {
        await append("swallowed", tx);
        await driver.run(tx, "INSERT INTO notes VALUES (1, 'again')")
          .catch(() => {});
      }),
      "TRANSACTION_ENDED",
      /swallowed/,
    );
    assert.equal(await isStored("swallowed"), false);
  });

  it("a constraint that fails at the commit is told", async () => {
    await schema.query(`
      CREATE TABLE late (
        note integer REFERENCES notes DEFERRABLE INITIALLY DEFERRED
      )`);
    await rejects(
      driver.provider.transact!(async (tx) => {
        await append("late", tx);
        await driver.run(tx, "INSERT INTO late VALUES (99)");
      }),
      "STORE_FAILED",
      /foreign key/,
    );
    assert.equal(await isStored("late"), false);
  });

  it("of two that deadlock, the loser runs again", async () => {
    let runs = 0;
    const both = Promise.withResolvers<void>();
    const opposite = async (first: number, second: number) => {
      await driver.provider.transact!(async (tx) => {
        const run = ++runs;
        await append(`deadlock ${first}`, tx);
        await driver.run(tx, update(first));
        if (run === 2) both.resolve();
        await both.promise;
        await driver.run(tx, update(second));
      });
    };
    const update = (id: number) =>
      `UPDATE notes SET text = text || '.' WHERE id = ${id}`;
    await Promise.all([opposite(1, 2), opposite(2, 1)]);
    // On a busy machine it may lose more than once.
    assert(runs >= 3, `${runs} runs`);
    assert.deepEqual(await schema.query("SELECT text FROM notes ORDER BY id"), [
      { text: "one.." },
      { text: "two.." },
    ]);
    assert(await isStored("deadlock 1") && await isStored("deadlock 2"));
  });

  it("one that lies idle for too long is ended, and the pool lives on", async () => {
    const own = await open(schema.url, { transactionTimeoutMs: 100 });
    let isRefused = false;
    await assert.rejects(
      own.provider.transact!(async (tx) => {
        await append("idle", tx, own.provider);
        await sleep(400);
        await append("after it", tx, own.provider).catch(() => {
          isRefused = true;
        });
      }),
      (error: StoreError) => {
        // One of the drivers keeps to itself why its connection ended.
        const codes = ["TRANSACTION_ENDED", "CONNECTION_LOST"];
        assert(codes.includes(error.code), `the code is ${error.code}`);
        return true;
      },
    );
    assert(isRefused);
    assert.equal(await isStored("idle"), false);
    assert.equal(await isStored("after it"), false);
    await append("later", undefined, own.provider);
    await own.close();
  });

  it("ten at once that each need another connection all end", async () => {
    await Promise.all(
      Array.from(
        { length: 10 },
        (_, index) =>
          driver.provider.transact!(async (tx) => {
            await append(`inside ${index}`, tx);
            await append(`beside ${index}`);
          }),
      ),
    );
    assert(await isStored("inside 9") && await isStored("beside 9"));
  });

  it("a transaction is refused when it has ended", async () => {
    let left: unknown;
    await driver.provider.transact!(async (tx) => {
      left = tx;
    });
    await rejects(append("left", left), "TRANSACTION_ENDED", /"tx"/);
    assert.equal(await isStored("left"), false);
  });
}

async function rejects(
  attempt: Promise<unknown>,
  code: string,
  message: RegExp,
): Promise<void> {
  await assert.rejects(attempt, (error: StoreError) => {
    assert.equal(error.code, code);
    assert.match(error.message, message);
    return true;
  });
}

function sleep(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
