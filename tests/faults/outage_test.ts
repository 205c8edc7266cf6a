import assert from "node:assert/strict";
import { testEach } from "./each.ts";
import { noConnections, noServer, passOutage } from "./outages.ts";

/**
 * MongoDB's transactions keep no connection, Postgres.js cannot reserve one
 * that it has yet to open, and on NATS everything goes over a single one.
 */
const WITHOUT_POOL = ["mongodb", "postgres+postgresjs", "nats"];
/** Knex and MongoDB wait for a connection, and not for ever. */
const EXPECTED = ["CONNECTION_LOST", "OUTCOME_UNKNOWN", "STORE_BUSY"];

await testEach(
  "handlers outlive a server that is gone, with growing pauses",
  async (database) => {
    const { wrong, pauses, codes, events } = await passOutage(
      database,
      // On Neo4j the provider itself tries for ten seconds each time.
      noServer(database.scheme === "bolt" ? 1 : 5),
    );
    assert.equal(wrong, 0);
    assert(events > 5, `Expected events meanwhile: ${events}`);
    const unexpected = codes.filter((code) => !EXPECTED.includes(code));
    assert.deepEqual(unexpected, []);
    // 100 ms, doubled each time; connecting takes its own time beside it.
    for (const [index, pause] of pauses.entries()) {
      const least = 95 * 2 ** index;
      assert(
        pause >= least,
        `Expected pauses to grow: ${pauses.map(Math.round)}`,
      );
    }
    return { events, pauses: pauses.map(Math.round), codes };
  },
  ({ server }) => server !== undefined,
);

await testEach(
  "handlers outlive a pool without a free connection",
  async (database) => {
    const { wrong, codes, pauses, events } = await passOutage(
      database,
      noConnections(),
    );
    assert.equal(wrong, 0);
    assert(events > 5, `Expected events meanwhile: ${events}`);
    assert.deepEqual(codes, ["STORE_BUSY"]);
    return { events, pauses: pauses.map(Math.round), codes };
  },
  ({ server, scheme }) =>
    server !== undefined && !WITHOUT_POOL.includes(scheme),
);
