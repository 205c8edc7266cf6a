import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { PostgresOrdering } from "../../providers/sql/postgres_append_statements.ts";
import { createProvider } from "../../providers/pg.ts";
import { openPg } from "../providers/support/pg.ts";
import { openSchema, postgresServers } from "../providers/support/postgres.ts";

const EVENTS = 20_000;
/** One event in so many is of the stream that is rare. */
const RARE = 900;
const orderings: PostgresOrdering[] = ["horizon", "serialized"];

for (const server of postgresServers) {
  for (const ordering of orderings) {
    describe(`pages by ${ordering} on ${server.name}`, () => {
      it("a page costs its own rows before the server has counted the table", async () => {
        const { read, explain, close } = await open(server, ordering);
        for (const after of [0, 4000]) {
          const page = await read(["s"], after, 100);
          assert.equal(page.length, 100);
          assert.equal(page.scannedTo, undefined);
        }
        const rows = await explain();
        assert(rows < 2500, `Two pages of 100 events have read ${rows} rows`);
        await close();
      });

      it("a stream that is rare is found behind many others, page by page", async () => {
        const { read, head, close } = await open(server, ordering);
        const expected = Array.from(
          { length: Math.floor(EVENTS / RARE) },
          (_, index) => (index + 1) * RARE,
        );
        for (const limit of [1, 3, 7, 1000]) {
          const found: number[] = [];
          let page = await read(["rare", "absent"], 0, limit);
          for (;;) {
            found.push(...page.map(({ version }) => version));
            if (page.scannedTo !== undefined) break;
            assert.equal(page.length, limit);
            page = await read(
              ["rare", "absent"],
              page.at(-1)!.position,
              limit,
            );
          }
          assert.deepEqual(found, expected);
          assert.equal(page.scannedTo, head);
        }
        const none = await read(["absent"], 0, 10);
        assert.deepEqual([none.length, none.scannedTo], [0, head]);
        const nothing = await read(["rare"], 0, 0);
        assert.deepEqual([nothing.length, nothing.scannedTo], [0, undefined]);
        await close();
      });
    });
  }
}

/** A log with gaps in it that was never analyzed, and how it is read. */
async function open(
  server: typeof postgresServers[number],
  ordering: PostgresOrdering,
) {
  const schema = await openSchema(server);
  const { pool, close } = await openPg(schema.url, { ordering });
  await pool.query("ALTER TABLE events SET (autovacuum_enabled = false)");
  await pool.query(`
    INSERT INTO events (stream, aggregate_id, version, timestamp, event)
    SELECT
      CASE n % ${RARE} WHEN 0 THEN 'rare' ELSE 's' END,
      CASE n % ${RARE} WHEN 0 THEN 'r' ELSE 'a' END,
      n, now(), '{}'
    FROM generate_series(1, ${EVENTS}) AS n`);
  await pool.query(`DELETE FROM events WHERE version BETWEEN 5401 AND 6299`);
  const statements: { text: string; values: unknown[] }[] = [];
  const watched = new Proxy(pool, {
    get(target, name) {
      const value = Reflect.get(target, name);
      if (name !== "query") {
        return typeof value === "function" ? value.bind(target) : value;
      }
      return (query: any) => {
        if (/ANY \(\$1/.test(query.text)) statements.push(query);
        return target.query(query);
      };
    },
  });
  const provider = createProvider({ client: watched, ordering });
  const [{ head }] = await schema.query(
    "SELECT max(position)::integer AS head FROM events",
  );
  return {
    head: head as number,
    read: (streams: string[], after: number, limit: number) =>
      provider.getEventsFrom(streams, after, limit),
    /** How many rows the readings have touched, by the server's own count. */
    async explain() {
      assert(statements.length > 0);
      let touched = 0;
      for (const { text, values } of statements) {
        const { rows } = await pool.query(
          `EXPLAIN (ANALYZE, FORMAT JSON) ${text}`,
          values,
        );
        const nodes = nodesOf(rows[0]["QUERY PLAN"][0].Plan);
        for (const node of nodes) {
          if (node["Relation Name"] === "events") {
            touched += node["Actual Rows"] +
              (node["Rows Removed by Filter"] ?? 0);
          }
        }
      }
      return touched;
    },
    async close() {
      await close();
      await schema.drop();
    },
  };
}

function nodesOf(plan: any): any[] {
  return [plan, ...(plan.Plans ?? []).flatMap(nodesOf)];
}
