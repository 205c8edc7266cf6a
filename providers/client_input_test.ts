import type { StoreError } from "evtstore";
import * as mongo from "evtstore/provider/mongo";
import * as neo4j from "evtstore/provider/neo4j";
import * as pg from "evtstore/provider/pg";
import * as postgres from "evtstore/provider/postgres";
import assert from "node:assert/strict";
import { test } from "node:test";

const ADDRESS = "protocol://me:secret@localhost/bank";

type Call = (given: any) => unknown;
const labels = { events: "Events", bookmarks: "Bookmarks" };

const calls: [name: string, field: string, expected: string, call: Call][] = [
  [
    "pg",
    "client",
    "a Pool or a Client of pg",
    (client) => pg.createProvider({ client }),
  ],
  [
    "pg, migrate()",
    "client",
    "a Pool or a Client of pg",
    (client) => pg.migrate({ client }),
  ],
  [
    "postgres",
    "sql",
    "what postgres() of Postgres.js returns",
    (sql) => postgres.createProvider({ sql }),
  ],
  [
    "postgres, migrate()",
    "sql",
    "what postgres() of Postgres.js returns",
    (sql) => postgres.migrate({ sql }),
  ],
  [
    "neo4j",
    "client",
    "what driver() of neo4j-driver returns",
    (client) => neo4j.createProvider({ client, ...labels }),
  ],
  [
    "neo4j, migrate()",
    "client",
    "what driver() of neo4j-driver returns",
    (client) => neo4j.migrate({ client, ...labels }),
  ],
  [
    "mongo",
    "events",
    "a collection of the driver mongodb",
    (events) =>
      mongo.createProvider({ events, bookmarks: events }).getPosition("b"),
  ],
  [
    "mongo, migrate()",
    "events",
    "a collection of the driver mongodb",
    (events) => mongo.migrate({ events, bookmarks: events }),
  ],
];

for (const [name, field, expected, call] of calls) {
  test(`${name} refuses what is not a client, and shows no password`, async () => {
    const given = [[ADDRESS, "string"], [undefined, "undefined"], [
      {},
      "object",
    ]];
    for (const [client, kind] of given) {
      await assert.rejects(
        async () => await call(client),
        (error: StoreError) => {
          assert.equal(error.name, "StoreError");
          assert.equal(error.code, "INVALID_INPUT");
          assert.equal(error.field, field);
          assert.equal(
            error.message,
            `Expected ${field} to be ${expected}: got ${kind}`,
          );
          return true;
        },
      );
    }
  });
}
