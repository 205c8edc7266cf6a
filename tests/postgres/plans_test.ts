import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { createStatements } from "../../providers/sql/postgres.ts";
import { toTables } from "../../providers/sql/postgres_names.ts";
import { openPg } from "../providers/support/pg.ts";
import { openSchema, postgresServers } from "../providers/support/postgres.ts";

const EVENTS = 100_000;
const END = EVENTS + 10;
/** One plan for all values, or one for these. */
type Mode = "force_generic_plan" | "force_custom_plan";
const anyPlan: Mode[] = ["force_generic_plan", "force_custom_plan"];

const statements = createStatements(toTables({}), "horizon");
const cases: {
  name: string;
  text: string;
  values: string[];
  modes: Mode[];
  /** The most pages of 8 kB that it may touch. */
  buffers: number;
}[] = [
  {
    name: "append of one event",
    text: statements.insertEvent,
    values: ["s1", "a1", "20", "2026-01-01", "x", "{}", "c"],
    modes: anyPlan,
    buffers: 60,
  },
  {
    name: "append",
    text: statements.insertEvents,
    values: ["s1", "a1", "20", "{2026-01-01}", "{x}", "{NULL}", "c"],
    modes: anyPlan,
    buffers: 60,
  },
  {
    name: "appends together",
    text: statements.insertCommits,
    values: [
      "{s1,s1,s2}",
      "{a1,a1,new}",
      "{20,20,0}",
      "{1,2,1}",
      "{2026-01-01,2026-01-01,2026-01-01}",
      "{x,x,x}",
      "{NULL,NULL,NULL}",
      "{c,NULL,NULL}",
    ],
    modes: anyPlan,
    buffers: 120,
  },
  {
    name: "the version check of an append",
    text: statements.selectRefusal,
    values: ["s1", "a1", "c"],
    modes: anyPlan,
    buffers: 20,
  },
  {
    name: "findCommand",
    text: statements.selectCommand,
    values: ["s1", "a1", "c"],
    modes: anyPlan,
    buffers: 10,
  },
  {
    name: "getEventsFor",
    text: statements.selectEventsFor,
    values: ["s1", "a1", "0", "100"],
    modes: anyPlan,
    buffers: 60,
  },
  {
    name: "getEventsFor after a position",
    text: statements.selectEventsFor,
    values: ["s1", "a1", "95002", "100"],
    modes: anyPlan,
    buffers: 20,
  },
  {
    name: "getEventsFor of several",
    text: statements.selectEventsForMany,
    values: ["{s1,s2,s1}", "{a1,a2,absent}", "{0,95003,0}", "100"],
    modes: anyPlan,
    buffers: 90,
  },
  {
    name: "getLastEventFor of streams",
    text: statements.selectLastEvent,
    values: ["{rare,absent,s1}"],
    modes: anyPlan,
    buffers: 20,
  },
  {
    name: "getLastEventFor of one aggregate",
    text: statements.selectLastEventFor,
    values: ["{s1,absent}", "a1"],
    modes: anyPlan,
    buffers: 20,
  },
  {
    name: "the names of all streams",
    text: statements.selectStreams,
    values: [],
    modes: anyPlan,
    buffers: 60,
  },
  {
    name: "the commands of a part of the log",
    text: statements.selectCommands,
    values: [String(END - 1000), String(END)],
    modes: anyPlan,
    buffers: 60,
  },
  {
    name: "getEventsFrom near the end",
    text: statements.selectEventsFrom,
    values: ["{s1,absent}", String(END - 1000), String(END), "1000"],
    modes: anyPlan,
    buffers: 60,
  },
  {
    name: "getEventsFrom of a rare stream from the start",
    text: statements.selectEventsFrom,
    values: ["{rare}", "0", String(END), "1000"],
    modes: ["force_custom_plan"],
    buffers: 20,
  },
  {
    name: "getEventsFrom from the start",
    text: statements.selectEventsFrom,
    values: ["{s1,rare}", "0", String(END), "1000"],
    modes: ["force_custom_plan"],
    buffers: 300,
  },
];

for (const server of postgresServers) {
  describe(`plans on ${server.name}`, () => {
    it("no statement reads a large table from end to end", async () => {
      const schema = await openSchema(server);
      const { pool, close } = await openPg(schema.url);
      const client = await pool.connect();
      await client.query(`
        INSERT INTO events (stream, aggregate_id, version, timestamp, event)
        SELECT 's' || n % 5, 'a' || n % 5000, n / 5000 + 1, now(), repeat('x', 80)
        FROM generate_series(0, ${EVENTS - 1}) AS n`);
      await client.query(`
        INSERT INTO events (stream, aggregate_id, version, timestamp, event)
        SELECT 'rare', 'r', n, now(), '{}' FROM generate_series(1, 10) AS n`);
      await client.query("ANALYZE events");
      for (const { name, text, values, modes, buffers } of cases) {
        await client.query(`PREPARE planned AS ${text}`);
        for (const mode of modes) {
          await client.query(`SET plan_cache_mode = ${mode}`);
          await client.query("BEGIN");
          const { rows } = await client.query(
            `EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) EXECUTE planned ${
              values.length === 0
                ? ""
                : `(${
                  values.map((value) => client.escapeLiteral(value)).join(", ")
                })`
            }`,
          );
          await client.query("ROLLBACK");
          const { Plan: plan } = rows[0]["QUERY PLAN"][0];
          const touched = plan["Shared Hit Blocks"] +
            plan["Shared Read Blocks"];
          assert(
            touched <= buffers,
            `Expected ${name} by ${mode} to touch at most ${buffers} pages: it is ${touched}`,
          );
          assert(
            !nodesOf(plan).some((node) =>
              node["Node Type"] === "Seq Scan" &&
              node["Relation Name"] === "events"
            ),
            `Expected ${name} by ${mode} to scan an index: it scans the table`,
          );
        }
        await client.query("DEALLOCATE planned");
      }
      client.release();
      await close();
      await schema.drop();
    });
  });
}

type PlanNode = { [key: string]: any };

function nodesOf(plan: PlanNode): PlanNode[] {
  return [plan, ...(plan.Plans ?? []).flatMap(nodesOf)];
}
