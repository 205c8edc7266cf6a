import assert from "node:assert/strict";
import { isLong, testEach } from "./each.ts";
import { killHandlers } from "./kills.ts";
import { withSeed } from "./random.ts";

const KILLS = isLong ? 50 : 5;

await testEach(
  "handlers that are killed at random moments miss nothing",
  async (database) => {
    const counts = await withSeed((random) =>
      killHandlers(database, random, KILLS)
    );
    const { skipped, lost, duplicated, invented, unordered, kills } = counts;
    assert.deepEqual(
      { skipped, lost, duplicated, invented, unordered, kills },
      {
        skipped: 0,
        lost: 0,
        duplicated: 0,
        invented: 0,
        unordered: 0,
        kills: KILLS,
      },
    );
    return counts;
  },
);
