import { DuplicateCommandError, VersionError } from "evtstore";
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { Provider } from "../../core/provider.ts";
import * as knexProvider from "../../providers/knex.ts";
import type { PostgresOptions } from "../../providers/pg.ts";
import { knexOnPostgres } from "../providers/support/knex.ts";
import { openPg } from "../providers/support/pg.ts";
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
import {
  openSchema,
  type PostgresSchema,
  type PostgresServer,
  postgresServers,
} from "../providers/support/postgres.ts";
import { openPostgresJs } from "../providers/support/postgres_js.ts";

type Opened = {
  provider: Provider<any, any>;
  close(): Promise<unknown>;
  /** How many statements were sent, where the driver can tell. */
  statements?: () => number;
};
type Open = (url: string) => Promise<Opened>;

async function pgWith(url: string, options: PostgresOptions): Promise<Opened> {
  const { provider, pool, close } = await openPg(url, options);
  const query = pool.query.bind(pool) as any;
  let count = 0;
  pool.query = ((...args: any[]) => {
    count++;
    return query(...args);
  }) as any;
  return { provider, close, statements: () => count };
}

const ways: { [name: string]: Open } = {
  "pg": (url) => pgWith(url, {}),
  "pg, serialized and not prepared": (url) =>
    pgWith(url, { ordering: "serialized", prepare: false }),
  // Without a time-out it waits for ever for a connection that was lost.
  "postgres": async (url) => {
    const { provider, sql } = await openPostgresJs(url);
    return { provider, close: () => sql.end({ timeout: 1 }) };
  },
  "knex": async (url) => {
    const schema = /search_path=(\w+)/.exec(decodeURIComponent(url))![1]!;
    const client = knexOnPostgres(url, [schema]);
    await knexProvider.migrate({ client });
    return {
      provider: knexProvider.createProvider({ client }),
      close: () => client.destroy(),
    };
  },
};

for (const server of postgresServers) {
  for (const [name, open] of Object.entries(ways)) {
    describe(`appends together by ${name} on ${server.name}`, () =>
      testCoalescing(server, open, !name.includes("serialized")));
  }
}

/** @param isBesides Whether writers wait for nothing but their aggregates. */
function testCoalescing(
  server: PostgresServer,
  open: Open,
  isBesides: boolean,
): void {
  async function using(
    work: (opened: Opened, schema: PostgresSchema) => Promise<void>,
  ): Promise<void> {
    const schema = await openSchema(server);
    const opened = await open(schema.url);
    try {
      await work(opened, schema);
    } finally {
      await opened.close();
      await schema.drop();
    }
  }

  it("each caller gets the positions of its own events, in their order", () =>
    using(async ({ provider, statements }, schema) => {
      await append(provider, "before");
      const before = statements?.() ?? 0;
      const results = await together(provider, () => appendForty(provider));
      if (statements) assert(statements() - before <= 6, `${statements()}`);
      await checkForty(provider, results);
      const rows = await schema.query("SELECT count(*) FROM events");
      const expected = 2 + 40 + 13 + 2 * 13;
      assert.equal(Number(rows[0].count), expected);
    }));

  it("32 callers race: winners are events, losers get VersionError", () =>
    using(({ provider }, schema) =>
      checkRace(provider, 4, async (id) => {
        const rows = await schema.query(
          "SELECT version FROM events WHERE aggregate_id = $1 ORDER BY position",
          [id],
        );
        return rows.map(({ version }) => version);
      })
    ));

  it("an outdated one is refused alone, as is one from nowhere", () =>
    using(async ({ provider }) => {
      await append(provider, "known");
      const results = await together(provider, () => [
        append(provider, "a", { count: 2 }),
        append(provider, "known", { version: 1 }),
        append(provider, "nowhere", { version: 7 }),
        append(provider, "b"),
      ]);
      assert.deepEqual(results.map(({ status }) => status), [
        "fulfilled",
        "rejected",
        "rejected",
        "fulfilled",
      ]);
      for (const [index, actual] of [[1, 1], [2, 0]] as const) {
        const result = results[index]!;
        assert(result.status === "rejected");
        assert(result.reason instanceof VersionError);
        assert.equal(result.reason.actualVersion, actual);
      }
    }));

  it("a command id is stored once, however many come with it", () =>
    using(async ({ provider }) => {
      const commandId = "pay";
      const results = await together(provider, () => [
        ...Array.from(
          { length: 8 },
          () => append(provider, "same", { commandId, count: 2 }),
        ),
        append(provider, "another", { commandId }),
      ]);
      const refused = results.filter(({ status }) => status === "rejected");
      assert.equal(refused.length, 7);
      for (const result of refused) {
        assert(result.status === "rejected");
        assert(result.reason instanceof DuplicateCommandError);
        assert.equal(result.reason.aggregateId, "same");
      }
      assert.equal((await provider.getEventsFor("s", "same")).length, 2);
      assert.equal(await provider.findCommand!("s", "another", commandId), 1);
    }));

  it("an event that the database refuses fails alone", () =>
    using(async ({ provider }, schema) => {
      await schema.query(`
        CREATE FUNCTION refuse() RETURNS trigger AS $$
          BEGIN
            IF NEW.event LIKE '%bad%' THEN RAISE 'refused by the trigger'; END IF;
            RETURN NEW;
          END $$ LANGUAGE plpgsql`);
      await schema.query(
        "CREATE TRIGGER refuse BEFORE INSERT ON events FOR EACH ROW EXECUTE FUNCTION refuse()",
      );
      await checkRefusedAlone(provider, 40_000);
    }));

  const blocksOne =
    "a transaction that blocks one aggregate delays its own caller";
  // Who has the turn keeps it while it waits.
  if (isBesides) {
    it(blocksOne, () =>
      using(async ({ provider }, schema) => {
        for (const end of ["ROLLBACK", "COMMIT"]) {
          const id = `blocked until ${end}`;
          const locker = await openPg(schema.url, { max: 1 });
          const client = await locker.pool.connect();
          await client.query("BEGIN");
          await client.query(
            "INSERT INTO events (stream, aggregate_id, version, timestamp, event) VALUES ('s', $1, 1, now(), '{\"type\":\"Written\"}')",
            [id],
          );
          let isOver = false;
          const first = append(provider, crypto.randomUUID());
          const blocked = append(provider, id).finally(() => isOver = true);
          const result = Promise.allSettled([blocked]);
          for (let round = 0; round < 3; round++) {
            await Promise.all(
              Array.from(
                { length: 30 },
                () => append(provider, crypto.randomUUID()),
              ),
            );
          }
          assert.equal(isOver, false);
          await client.query(end);
          client.release();
          await locker.close();
          await first;
          const [outcome] = await result;
          if (end === "COMMIT") {
            assert(outcome!.status === "rejected");
            assert(outcome!.reason instanceof VersionError);
          } else assert.equal(outcome!.status, "fulfilled");
          assert.equal((await provider.getEventsFor("s", id)).length, 1);
        }
      }));
  }

  it("a connection that is cut tells each caller: OUTCOME_UNKNOWN", () =>
    using(async ({ provider }, schema) => {
      await schema.query(`
        CREATE FUNCTION dawdle() RETURNS trigger AS $$
          BEGIN
            IF NEW.event LIKE '%slow%' THEN PERFORM pg_sleep(20); END IF;
            RETURN NEW;
          END $$ LANGUAGE plpgsql`);
      await schema.query(
        "CREATE TRIGGER dawdle BEFORE INSERT ON events FOR EACH ROW EXECUTE FUNCTION dawdle()",
      );
      const cutting = cutSleeping(schema);
      const results = await together(provider, () => appendTen(provider));
      await cutting;
      checkUnknown(results);
      assert.equal(
        new Set(results.map((one) => one.status === "rejected" && one.reason))
          .size,
        10,
      );
      // What follows is stored, by another connection.
      await append(provider, "a0");
    }));

  it("loads together give what each gives alone", () =>
    using(async ({ provider }) => {
      const sizes = [0, 1, 99, 100, 101, 250];
      for (const size of sizes) {
        if (size > 0) await append(provider, `of ${size}`, { count: size });
      }
      const fifth = (await provider.getEventsFor("s", "of 99"))[4]!.position;
      const loads = sizes.flatMap((size) =>
        [undefined, 1, 100, 101, 1000].flatMap((limit) =>
          [undefined, fifth].map((after) => ({
            id: `of ${size}`,
            limit,
            after,
          }))
        )
      );
      const load = ({ id, limit, after }: typeof loads[0]) =>
        provider.getEventsFor(
          "s",
          id,
          after,
          limit === undefined ? {} : { limit },
        );
      const many = await Promise.all(loads.map(load));
      for (const [index, one] of loads.entries()) {
        assert.deepEqual(many[index], await load(one), JSON.stringify(one));
      }
    }));
}

/** Ends the session that sleeps in the schema's trigger. */
async function cutSleeping(schema: PostgresSchema): Promise<void> {
  for (;;) {
    const ended = await schema.query(
      `SELECT pg_terminate_backend(pid) FROM pg_stat_activity
       WHERE wait_event = 'PgSleep' AND pid IN (
         SELECT pid FROM pg_locks WHERE relation = '${schema.name}.events'::regclass
       )`,
    );
    if (ended.length > 0) return;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}
