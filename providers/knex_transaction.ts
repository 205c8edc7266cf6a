import type { Knex } from "knex";
import type { KnexClient, KnexConnection } from "./knex_client.ts";

/** How a transaction is begun, and what its unexpected end is called. */
export type TransactionOptions = {
  /** Knex's name of the level; the database's own unless given. */
  isolationLevel?: string;
  /** The error where `work` has ended the transaction itself. */
  ended: () => Error;
  /** Called if the rollback has failed, so that something may still be open. */
  stuck?: (error: unknown) => void;
};

/**
 * Runs `work` in a transaction of Knex on this connection, and commits it or
 * rolls it back. It passes on what `work` throws.
 */
export async function transactOn<T>(
  client: KnexClient,
  connection: KnexConnection,
  work: (tx: Knex.Transaction) => Promise<T>,
  { isolationLevel, ended, stuck }: TransactionOptions,
): Promise<T> {
  let running: Promise<T> | undefined;
  let failure: { reason: unknown } | undefined;
  let done: { value: T } | undefined;
  try {
    await client.transaction(async (tx) => {
      // Knex goes on when its BEGIN has failed.
      if (tx.isCompleted()) throw ended();
      running = work(tx);
      try {
        const value = await running;
        if (tx.isCompleted()) throw ended();
        done = { value };
      } catch (reason) {
        failure = { reason };
        throw reason;
      }
    }, { connection, ...(isolationLevel && { isolationLevel }) });
  } catch (error) {
    // What has ended it by itself may go on.
    await running?.catch(() => undefined);
    if (!failure) throw error;
    if (error !== failure.reason) stuck?.(error);
    throw failure.reason;
  }
  await running?.catch(() => undefined);
  if (done) return done.value;
  throw ended();
}
