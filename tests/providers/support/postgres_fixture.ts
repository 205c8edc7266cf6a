import {
  allCapabilities,
  type OpenedProvider,
  type ProviderFixture,
} from "evtstore/testing";
import type { Provider } from "../../../core/provider.ts";
import {
  openSchema,
  type PostgresSchema,
  type PostgresServer,
} from "./postgres.ts";

/** A driver, as the conformance suite needs it. */
export type PostgresDriver<Tx> = {
  /** Makes the tables and a provider with connections of its own. */
  open(url: string): Promise<{
    provider: Provider<any, Tx>;
    close(): Promise<unknown>;
  }>;
  /** Runs a statement in a transaction. */
  query(tx: Tx, text: string, values: string[]): Promise<unknown>;
};

/** The conformance suite's fixture of a driver on a server. */
export function postgresFixture<Tx>(
  server: PostgresServer,
  driver: PostgresDriver<Tx>,
): ProviderFixture<Tx> {
  return {
    capabilities: allCapabilities,
    async open(): Promise<OpenedProvider<Tx>> {
      const schema: PostgresSchema = await openSchema(server);
      await schema.query(
        "CREATE TABLE scratch (key text PRIMARY KEY, value text)",
      );
      const opened = [await driver.open(schema.url)];
      return {
        provider: opened[0]!.provider,
        async another() {
          const other = await driver.open(schema.url);
          opened.push(other);
          return other.provider;
        },
        scratch: {
          async write(tx, key, value) {
            await driver.query(
              tx,
              "INSERT INTO scratch VALUES ($1, $2) ON CONFLICT (key) DO UPDATE SET value = excluded.value",
              [key, value],
            );
          },
          read: async (key) =>
            (await schema.query("SELECT value FROM scratch WHERE key = $1", [
              key,
            ]))[0]?.value,
        },
        async close() {
          for (const { close } of opened) await close();
          await schema.drop();
        },
      };
    },
  };
}
