import assert from "node:assert/strict";
import { test } from "node:test";
import { type FaultDatabase, findFaultDatabases } from "./databases.ts";
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

if (isLong) {
  const databases = (await findFaultDatabases()).filter(isMeant);
  for (const database of databases) {
    test(`${database.name}: processes that share a handler, measured`, async () => {
      for (const work of ["2 ms waited", "1 ms of the processor"]) {
        const option = work.endsWith("waited") ? { sleepMs: 2 } : { busyMs: 1 };
        for (const [shards, processes] of [[0, 1], [64, 1], [64, 2], [64, 4]]) {
          const events = shards === 0 ? 2000 : 10_000;
          const row = await measureShards(database, processes!, events, {
            ...{ shards: shards!, ...option },
          });
          const { perSecond, slices, missed, unordered, repeated } = row;
          console.log(
            [
              ...[database.name, work, `${shards} shards`],
              ...[`${processes} processes`, `${perSecond}/s`],
              ...[`slices ${slices.join(" ")}`, `missed ${missed}`],
              ...[`unordered ${unordered}`, `repeated ${repeated}`],
            ].join(" | "),
          );
          assert.deepEqual({ missed, unordered }, { missed: 0, unordered: 0 });
        }
      }
    });
  }
}
