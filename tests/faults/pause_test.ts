import assert from "node:assert/strict";
import { isLong, testEach } from "./each.ts";
import { pauseHandlers } from "./pauses.ts";
import { withSeed } from "./random.ts";

/** Longer than a handler may stand still and still be the one at work. */
const PAUSE_MS = isLong ? 9000 : 7000;

await testEach(
  "a handler that stood still moves its bookmark neither back nor past",
  async (database) => {
    const counts = await withSeed((random) =>
      pauseHandlers(database, random, PAUSE_MS)
    );
    const { skipped, lost, duplicated, invented, movedBack, passedOver } =
      counts;
    assert.deepEqual(
      { skipped, lost, duplicated, invented, movedBack, passedOver },
      {
        skipped: 0,
        lost: 0,
        duplicated: 0,
        invented: 0,
        movedBack: 0,
        passedOver: 0,
      },
    );
    assert(counts.looks > 50, `Expected many looks: ${counts.looks}`);
    assert(counts.meanwhile > 0, "Expected the other process to take over");
    return counts;
  },
);
