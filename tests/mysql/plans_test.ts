import assert from "node:assert/strict";
import { createStatements } from "../../providers/sql/mysql.ts";
import { toTables } from "../../providers/sql/mysql_names.ts";
import { onDatabase } from "./support.ts";

const EVENTS = 50_000;
const LIMIT = 100;
const DIGITS = `SELECT ${
  Array.from({ length: 10 }, (_, n) => `${n} AS n`).join(" UNION ALL SELECT ")
}`;
const statements = createStatements(toTables({}), {
  ordering: "horizon",
  hasReturning: true,
  timestamps: "utc",
});

const cases: {
  name: string;
  text: string;
  values: (string | number)[];
  /** The most rows that it may touch, those of temporary tables included. */
  rows: number;
}[] = [
  {
    name: "one stream from its start",
    text: statements.selectEventsFrom(1),
    values: ["s1", 0, EVENTS, LIMIT, LIMIT],
    rows: 12 * LIMIT,
  },
  {
    name: "three streams from the middle, one of them rare",
    text: statements.selectEventsFrom(3),
    values: [
      ...["s1", "s2", "rare"].flatMap((name) => [name, 25_000, EVENTS, LIMIT]),
      LIMIT,
    ],
    rows: 12 * LIMIT,
  },
  {
    name: "a stream that has no events",
    text: statements.selectEventsFrom(1),
    values: ["none", 0, EVENTS, LIMIT, LIMIT],
    rows: 10,
  },
  {
    name: "an aggregate from its first version",
    text: statements.selectEventsFor,
    values: ["s1", "a1", LIMIT],
    rows: LIMIT + 5,
  },
  {
    name: "an aggregate after a position",
    text: statements.selectEventsForAfter,
    values: [49_901, "s1", "a1", "s1", "a1", 49_901, LIMIT],
    rows: 10,
  },
  {
    name: "the last event of a stream",
    text: statements.selectLastEvent,
    values: ["rare"],
    rows: 5,
  },
  {
    name: "the last event of an aggregate",
    text: statements.selectLastEventFor,
    values: ["s1", "a1"],
    rows: 3,
  },
  {
    name: "the version of an aggregate",
    text: statements.selectVersion,
    values: ["s1", "a1"],
    rows: 3,
  },
  {
    name: "a command",
    text: statements.selectCommand,
    values: ["s1", "a1", "c1"],
    rows: 3,
  },
  {
    name: "the name of the next stream",
    text: statements.selectNextStream,
    values: ["s1"],
    rows: 5,
  },
  {
    name: "the commands of a part of the log",
    text: statements.selectCommands,
    values: [50, 50 + LIMIT],
    rows: LIMIT + 5,
  },
  {
    name: "the horizon when nothing is new",
    text: statements.selectHorizon,
    values: [EVENTS, EVENTS],
    rows: 5,
  },
  {
    name: "the horizon far behind",
    text: statements.selectHorizon,
    values: [0, 0],
    rows: 5,
  },
];

onDatabase(
  "mariadb",
  "no statement touches more rows than it has to",
  async ({ client }) => {
    await client.raw(
      `INSERT INTO events (stream, aggregate_id, version, timestamp, event, command_id)
      SELECT
        IF(seq = 40000, 'rare', CONCAT('s', seq % 5)),
        CONCAT('a', seq % 100),
        seq,
        NOW(3),
        '{}',
        IF(seq = 101, 'c1', NULL)
      FROM (
        SELECT
          1 + ones.n + 10 * tens.n + 100 * hundreds.n
            + 1000 * thousands.n + 10000 * rest.n AS seq
        FROM (${DIGITS}) AS ones,
          (${DIGITS}) AS tens,
          (${DIGITS}) AS hundreds,
          (${DIGITS}) AS thousands,
          (${DIGITS}) AS rest
      ) AS numbers
      WHERE seq <= ${EVENTS}
      ORDER BY seq`,
    );
    await client.raw("ANALYZE TABLE events");
    for (const { name, text, values, rows } of cases) {
      const touched = await client.transaction(async (tx) => {
        await tx.raw("FLUSH STATUS");
        await tx.raw(text, values);
        const [status] = await tx.raw(
          "SHOW SESSION STATUS WHERE Variable_name LIKE 'Handler_read%'",
        );
        return status.reduce(
          (sum: number, row: { Value: string }) => sum + Number(row.Value),
          0,
        );
      });
      assert(
        touched <= rows,
        `Expected ${name} to touch at most ${rows} rows: it touched ${touched}`,
      );
    }
  },
);
