import { quoteIdentifier } from "./sql/postgres_names.ts";
import type { PostgresListener } from "./sql/postgres_executor.ts";

/** What is needed of a `Client` of pg that is used for nothing else. */
export type PgListenClient = {
  on(event: string, listener: (value: any) => void): unknown;
  query(text: string): Promise<unknown>;
  end(): Promise<void>;
  /** Of newer versions. */
  unref?(): void;
};

/**
 * Listens on a connection of its own, which keeps no process alive.
 *
 * @param client Opens the connection, and closes it if that fails.
 * @returns A function that closes it.
 */
export async function listenOn(
  client: PgListenClient,
  channel: string,
  { notified, lost }: PostgresListener,
): Promise<() => Promise<void>> {
  client.on("error", lost);
  client.on("end", () => lost(new Error("Connection terminated")));
  client.on("notification", ({ payload }) => notified(payload));
  client.unref?.();
  try {
    await client.query(`LISTEN ${quoteIdentifier(channel)}`);
  } catch (error) {
    client.end().catch(() => {});
    throw error;
  }
  return () => client.end();
}
