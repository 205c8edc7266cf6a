import assert from "node:assert/strict";
import { test } from "node:test";
import type { FaultDatabase } from "./databases.ts";
import { isLong, testEach } from "./each.ts";
import { withSeed } from "./random.ts";
import { countShared } from "./shard_counts.ts";
import { shareHandlers } from "./shards.ts";
import { measureShards } from "./shard_throughput.ts";

const KILLS = isLong ? 20 : 1;
const MEANT = ["sqlite", "postgres+pg", "mongodb", "nats"];
const isMeant = ({ scheme }: FaultDatabase) => MEANT.includes(scheme);

test("what is counted of processes that share a handler", () => {
  const events = ["even a 1", "even a 2", "odd bb 1"];
  const count = (handled: string[], ...killed: string[]) => {
    const { events: _, ...counts } = countShared(
      ...[events, handled, new Set(killed)] as const,
    );
    return Object.values(counts).join();
  };
  const good = ["p1 even a 1", "p2 odd bb 1", "p2 even a 2"];
  // Missed, unordered, repeated, needless, invented.
  assert.equal(count(good), "0,0,0,0,0");
  assert.equal(count(good.slice(1)), "1,1,0,0,0");
  assert.equal(count(good.toReversed()), "0,1,0,0,0");
  assert.equal(count([...good, "p1 even a 2"]), "0,0,1,1,0");
  assert.equal(count([...good, "p1 even a 2"], "p2"), "0,0,1,0,0");
  assert.equal(count([...good, "p1 odd bb 2"]), "0,0,0,0,1");
});

await testEach(
  "processes that share a handler come and go, and it misses nothing",
  async (database) => {
    const counts = await withSeed((random) =>
      shareHandlers(database, random, KILLS)
    );
    const { missed, unordered, invented, kills } = counts;
    assert.deepEqual(
      { missed, unordered, invented, kills },
      { missed: 0, unordered: 0, invented: 0, kills: KILLS },
    );
    return counts;
  },
  isMeant,
);
