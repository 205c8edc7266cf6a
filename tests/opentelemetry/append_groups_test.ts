import { instrument } from "evtstore/opentelemetry";
import assert from "node:assert/strict";
import { test } from "node:test";
import { createPlace, findFaultDatabases } from "../faults/databases.ts";
import { STREAMS } from "../faults/log.ts";
import { openStore } from "../faults/open_store.ts";
import { Recorder } from "./recorder.ts";

const METRIC = "evtstore.append.group.size";
const APPENDS = 20;
const [STREAM] = STREAMS;

/** What the conventions call a database; absent where no appends are gathered. */
const systems: Record<string, string> = {
  "sqlite": "sqlite",
  "sqlite+knex": "sqlite",
  "postgres+pg": "postgresql",
  "postgres+postgresjs": "postgresql",
  "postgres+knex": "postgresql",
  "mysql": "mysql",
  "mongodb": "mongodb",
  "bolt": "neo4j",
};

for (const database of await findFaultDatabases()) {
  test(`${database.name}: how many appends share a statement is measured`, async () => {
    const place = await createPlace(database);
    const { provider, close } = await openStore(place.address);
    const recorder = new Recorder();
    instrument(provider, recorder);
    const append = (id: string, tx?: unknown) =>
      provider.append(
        STREAM!,
        id,
        1,
        provider.createEvents(STREAM!, id, 1, [
          { type: "Written", commit: id, part: 1, parts: 1 },
        ]),
        tx === undefined ? {} : { tx },
      );
    try {
      await Promise.all(
        Array.from({ length: APPENDS }, (_, index) => append(`a${index}`)),
      );
      // In a transaction it shares nothing.
      if ("transact" in provider) {
        await provider.transact((tx) => append("alone", tx));
      }
      const system = systems[database.scheme];
      const points = await recorder.points(METRIC);
      const told = points.map(({ attributes, value }) => ({
        system: attributes["db.system.name"],
        ...(value as { sum: number; count: number }),
      }));
      if (system === undefined) return assert.deepEqual(told, []);
      assert.equal(told.length, 1);
      assert.equal(told[0]!.system, system);
      assert.equal(told[0]!.sum, APPENDS);
      assert(told[0]!.count < APPENDS, `${told[0]!.count} statements`);
    } finally {
      await close();
      await place.remove();
    }
  });
}
