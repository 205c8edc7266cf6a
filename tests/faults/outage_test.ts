import assert from "node:assert/strict";
import { testEach } from "./each.ts";
import { noConnections, noServer, passOutage } from "./outages.ts";

/** Drivers with no way to take a connection, or to be told how long to wait. */
const WITHOUT_POOL = ["mongodb"];
const WAITS_FOR_EVER = ["postgres+postgresjs"];

await testEach(
  "handlers outlive a server that is gone, with growing pauses",
  async (database) => {
    const { wrong, pauses, codes, events } = await passOutage(
      database,
      noServer,
    );
    assert.equal(wrong, 0);
    assert(events > 5, `Expected events meanwhile: ${events}`);
    const unexpected = codes.filter((code) =>
      code !== "CONNECTION_LOST" && code !== "OUTCOME_UNKNOWN"
    );
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
    const isWaiting = WAITS_FOR_EVER.includes(database.scheme);
    assert.deepEqual(codes, isWaiting ? [] : ["STORE_BUSY"]);
    return { events, pauses: pauses.map(Math.round), codes };
  },
  ({ server, scheme }) =>
    server !== undefined && !WITHOUT_POOL.includes(scheme),
);
