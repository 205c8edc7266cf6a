import assert from "node:assert/strict";
import { cutConnections } from "./cuts.ts";
import { isLong, testEach } from "./each.ts";
import { withSeed } from "./random.ts";

const CUTS = isLong ? 300 : 20;

await testEach(
  "answers are true though connections are cut at random bytes",
  async (database) => {
    const counts = await withSeed((random) =>
      cutConnections(database, random, CUTS)
    );
    const { skipped, lost, duplicated, invented, unordered, cuts } = counts;
    assert.deepEqual(
      { skipped, lost, duplicated, invented, unordered, cuts },
      {
        skipped: 0,
        lost: 0,
        duplicated: 0,
        invented: 0,
        unordered: 0,
        cuts: CUTS,
      },
    );
    return counts;
  },
  ({ server }) => server !== undefined,
);
