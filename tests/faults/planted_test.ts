import assert from "node:assert/strict";
import { test } from "node:test";
import { cutConnections } from "./cuts.ts";
import { type FaultDatabase, findFaultDatabases } from "./databases.ts";
import { killHandlers } from "./kills.ts";
import { pauseHandlers } from "./pauses.ts";
import { withSeed } from "./random.ts";

const databases = await findFaultDatabases();
const sqlite = databases.find(({ scheme }) => scheme === "sqlite")!;
const server = databases.find(({ scheme }) => scheme === "postgres+pg");

const kill = (fault: string) =>
  withSeed((random) => killHandlers(sqlite, random, 1, fault));

test("a bookmark that moves before the work is noticed by the kills", async () => {
  const { skipped, lost } = await kill("bookmark first");
  assert(skipped > 0);
  assert.equal(lost, 0);
});

test("a bookmark that moves after the transaction is noticed by the kills", async () => {
  // Where a kill hits is drawn, so it may take more of them.
  for (let tries = 0; tries < 10; tries++) {
    const { skipped, duplicated } = await kill(
      "bookmark after the transaction",
    );
    assert.equal(skipped, 0);
    if (duplicated > 0) return;
  }
  assert.fail("Expected the kills to notice it");
});

test("a bookmark that moves blindly is noticed by the pauses", async () => {
  // The owner moves it on again, and may do so between two looks.
  for (let tries = 0; tries < 15; tries++) {
    const { movedBack } = await withSeed((random) =>
      pauseHandlers(sqlite, random, 7000, "moves bookmarks blindly")
    );
    if (movedBack > 0) return;
  }
  assert.fail("Expected the pauses to notice it");
});

const cuts: [fault: string, problem: RegExp][] = [
  ["acknowledges first", /was acknowledged and is lost/],
  ["refuses what it does not know", /was refused and is stored/],
  ["forgets commands", /is stored twice/],
];

if (server) {
  for (const [fault, problem] of cuts) {
    test(`a provider that ${fault} is noticed by the cuts`, () =>
      untilNoticed(server, fault, problem));
  }
}

/** What a cut does is drawn, so it may take more of them. */
async function untilNoticed(
  database: FaultDatabase,
  fault: string,
  problem: RegExp,
): Promise<void> {
  for (let tries = 0; tries < 10; tries++) {
    try {
      await withSeed((random) => cutConnections(database, random, 20, fault));
    } catch (error) {
      if (problem.test((error as Error).message)) return;
      throw error;
    }
  }
  assert.fail(`Expected the cuts to notice a provider that ${fault}`);
}
