import type { Knex } from "npm:knex@3";
import { allCapabilities, type ProviderFixture } from "evtstore/testing";
import {
  type ClientOptions,
  createProvider,
  migrate,
} from "../../../providers/knex.ts";
import { knexOnPostgres } from "./knex.ts";

/** The provider in a new schema, for the suite. */
export function knexPostgresFixture(
  url: string,
  options: Omit<ClientOptions, "client" | "events"> = {},
): ProviderFixture<Knex.Transaction> {
  return {
    capabilities: allCapabilities,
    async open() {
      const schema = `evt_${
        crypto.randomUUID().replaceAll("-", "").slice(0, 16)
      }`;
      const client = knexOnPostgres(url, [schema]);
      await client.raw("CREATE SCHEMA ??", [schema]);
      await migrate({ client });
      await client.schema.createTable("scratch", (table) => {
        table.text("key").primary();
        table.text("value");
      });
      const others: Knex[] = [];
      return {
        provider: createProvider({ client, onError: () => {}, ...options }),
        async another() {
          const other = knexOnPostgres(url, [schema]);
          others.push(other);
          return createProvider({
            client: other,
            onError: () => {},
            ...options,
          });
        },
        scratch: {
          write: async (tx, key, value) => {
            await tx("scratch").insert({ key, value }).onConflict("key")
              .merge();
          },
          read: async (key) =>
            (await client("scratch").where({ key }).first())?.value,
        },
        async close() {
          await Promise.all(others.map((other) => other.destroy()));
          await client.raw("DROP SCHEMA ?? CASCADE", [schema]);
          await client.destroy();
        },
      };
    },
  };
}
