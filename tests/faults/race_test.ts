import assert from "node:assert/strict";
import { test } from "node:test";
import { findFaultDatabases, findFoldingMongo } from "./databases.ts";
import { isLong } from "./each.ts";
import { countRaces } from "./races.ts";

const RACING_MS = isLong ? 60_000 : 1500;

const databases = [...await findFaultDatabases(), ...await findFoldingMongo()];

// One after the other: a race is of who has a processor.
for (const database of databases) {
  test(`${database.name}: of processes that race for a version one wins, the others see VersionError`, async (t) => {
    const counts = await countRaces(database, RACING_MS);
    if (isLong) t.diagnostic?.(JSON.stringify(counts));
    const { races, winners, losers, others, won, events, starved } = counts;
    assert.deepEqual({ others, events, starved }, {
      others: {},
      events: won,
      starved: 0,
    });
    assert(races > 0 && losers >= races, "Nobody has raced");
    assert(winners > 0);
  });
}
