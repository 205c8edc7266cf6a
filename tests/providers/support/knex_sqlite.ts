import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Knex } from "npm:knex@3";
import {
  allCapabilities,
  type OpenedProvider,
  type ProviderFixture,
} from "evtstore/testing";
import { createProvider, migrate } from "../../../providers/knex.ts";

/** The provider on a file, by Knex with the client that `connect` makes. */
export function knexSqliteFixture(
  connect: (filename: string) => Knex,
): ProviderFixture<Knex.Transaction> {
  return {
    capabilities: allCapabilities,
    async open() {
      const folder = mkdtempSync(join(tmpdir(), "evtstore-"));
      const filename = join(folder, "log.db");
      const opened = await openKnexSqlite(connect(filename));
      const others: Knex[] = [];
      return {
        ...opened,
        async another() {
          const client = connect(filename);
          others.push(client);
          return createProvider({ client, onError: () => {} });
        },
        async close() {
          await Promise.all(others.map((other) => other.destroy()));
          await opened.close();
          rmSync(folder, { recursive: true });
        },
      };
    },
  };
}

/** The provider on this client, with a table of the application's own. */
export async function openKnexSqlite(
  client: Knex,
): Promise<OpenedProvider<Knex.Transaction>> {
  await migrate({ client });
  await client.schema.createTable("scratch", (table) => {
    table.string("key").primary();
    table.string("value");
  });
  return {
    provider: createProvider({ client, onError: () => {} }),
    scratch: {
      write: async (tx, key, value) => {
        await tx("scratch").insert({ key, value }).onConflict("key").merge();
      },
      read: async (key) =>
        (await client("scratch").where({ key }).first())?.value,
    },
    close: () => client.destroy(),
  };
}
