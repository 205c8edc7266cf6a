import {
  allCapabilities,
  conformanceCases,
  testProvider,
} from "evtstore/testing";
import assert from "node:assert/strict";
import process from "node:process";
import { test } from "node:test";
import { findDatabase } from "./support/databases.ts";
import { knexOnMysql } from "./support/knex.ts";
import { hasByteCollation, mysqlFixture } from "./support/mysql.ts";

// MySQL itself is part of the long form.
const isWanted = process.env.EVTSTORE_LONG === "1" || process.env.MYSQL8_URL;
const mysql8 = isWanted ? await findDatabase("mysql8") : undefined;

/** What a server older than 8.0.17 cannot keep, for want of a collation. */
const BY_BYTES = /^(lookalikes:|records: .* in the order of their bytes)/;

for (const ordering of ["horizon", "serialized"] as const) {
  if (!mysql8) break;
  const name = `the Knex provider on MySQL, ${ordering}`;
  const fixture = mysqlFixture(mysql8, { ordering });
  if (await isSupported(mysql8)) testProvider(name, fixture);
  else {
    test(`${name}, too old to compare by bytes`, async (t) => {
      const opened = await fixture.open();
      for (const { name, run } of conformanceCases(allCapabilities)) {
        await t.test(
          name,
          () => BY_BYTES.test(name) ? assert.rejects(run(opened)) : run(opened),
        );
      }
      await opened.close();
    });
  }
}

async function isSupported(url: string): Promise<boolean> {
  const client = knexOnMysql(url);
  try {
    return await hasByteCollation(client);
  } finally {
    await client.destroy();
  }
}
