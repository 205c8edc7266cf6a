import assert from "node:assert/strict";
import { test } from "node:test";
import { findDatabase } from "../providers/support/databases.ts";
import {
  type FaultDatabase,
  findFaultDatabases,
  findFoldingMongo,
} from "./databases.ts";
import { isLong } from "./each.ts";
import { countSkips } from "./skips.ts";

const WRITING_MS = isLong ? 60_000 : 2000;

// NATS has no transaction to be held open: `tests/nats/skip_test.ts`.
const databases = (await findFaultDatabases())
  .filter(({ scheme }) => scheme !== "nats");
databases.push(...await findFoldingMongo());
const postgres15 = await findDatabase("postgres15");
if (postgres15 !== undefined) {
  databases.push({
    name: "PostgreSQL 15",
    scheme: "postgres+pg",
    url: postgres15,
  });
}

// One after the other: what is rare needs the machine to itself.
for (const database of databases) {
  test(`${database.name}: handlers beside writers of several processes miss nothing`, async (t) => {
    const naive = naiveReaderOn(database);
    const counts = await countSkips(
      database,
      WRITING_MS,
      naive === "misses events",
    );
    if (isLong) t.diagnostic?.(JSON.stringify(counts));
    const { written, events, missed, repeated, unordered, tooEarly } = counts;
    assert.deepEqual(
      { events, missed, repeated, unordered, tooEarly },
      { events: written, missed: 0, repeated: 0, unordered: 0, tooEarly: 0 },
    );
    const { holes, naivelyMissed } = counts;
    if (naive === "misses events") {
      assert(naivelyMissed > 0, "A naive reader would have seen all");
    }
    if (naive === "misses nothing") assert.equal(naivelyMissed, 0);
    // There, readers rely on it.
    if (naive === "may miss events") assert.equal(holes, 0);
  });
}

/**
 * What shows that the test can fail: a reader that does not wait for what is
 * below.
 *
 * SQLite has one writer at a time, which draws its positions under the lock:
 * what is visible is always a prefix, and no reader can miss anything. So it
 * is on MongoDB, where a position is free once the one before it is committed,
 * and on Neo4j, where it is drawn under a lock, but a commit of several events
 * becomes visible in parts: there it depends on the moment, and
 * `tests/mongo/skip_test.ts` and `tests/neo4j/large_commit_test.ts` show what
 * is missed without our reader.
 */
function naiveReaderOn(
  { scheme }: FaultDatabase,
): "misses events" | "misses nothing" | "may miss events" {
  if (scheme.startsWith("sqlite")) return "misses nothing";
  return scheme.startsWith("mongodb") || scheme === "bolt"
    ? "may miss events"
    : "misses events";
}
