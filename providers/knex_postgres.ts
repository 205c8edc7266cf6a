import type { Knex } from "knex";
import { StoreError } from "../core/errors.ts";
import {
  connectionsOf,
  type KnexClient,
  type KnexConnection,
  refuseTransaction,
  sizeOf,
  withConnection,
} from "./knex_client.ts";
import { listenOn } from "./pg_listen.ts";
import { type PgQueryable, queryRows } from "./pg_query.ts";
import { transactOn } from "./knex_transaction.ts";
import { isLost } from "./sql/postgres_errors.ts";
import {
  type PostgresExecutor,
  type PostgresListener,
  type PostgresQueryOptions,
  type PostgresRow,
  type PostgresSession,
  type PostgresValue,
  UncommittedError,
} from "./sql/postgres_executor.ts";
import type { TransactionRefusal } from "./sql/transaction_input.ts";

/** What is needed of a connection of pg. */
type Connection = KnexConnection & PgQueryable;

const SET_IDLE_TIMEOUT =
  "SELECT set_config('idle_in_transaction_session_timeout', $1, true)";

/**
 * Runs the statements of PostgreSQL through a client of Knex, by the driver's
 * own connection: Knex would take a question mark in them for a binding.
 */
export class KnexPostgresExecutor
  implements PostgresExecutor<Knex.Transaction> {
  /** As evtstore 12 called it. */
  readonly driver = "knex";
  #client: KnexClient;

  /** @param client The client of the application. */
  constructor(client: KnexClient) {
    this.#client = client;
  }

  size(): Promise<number> {
    return Promise.resolve(sizeOf(this.#client));
  }

  connections(): string {
    return connectionsOf(this.#client);
  }

  refuseTransaction(tx: Knex.Transaction): TransactionRefusal {
    return refuseTransaction(this.#client, tx);
  }

  query(
    text: string,
    values: readonly PostgresValue[],
    { tx, prepare }: PostgresQueryOptions<Knex.Transaction> = {},
  ): Promise<PostgresRow[]> {
    return withConnection(
      this.#client,
      tx,
      (connection) => query(connection, text, values, prepare),
    );
  }

  transact<T>(
    idleMs: number,
    work: (tx: Knex.Transaction) => Promise<T>,
  ): Promise<T> {
    return withConnection(
      this.#client,
      undefined,
      (connection) =>
        transactOn(this.#client, connection, async (tx) => {
          await query(connection, SET_IDLE_TIMEOUT, [String(idleMs)]);
          const value = await work(tx);
          if (!tx.isCompleted()) await checkAlive(connection);
          return value;
        }, {
          isolationLevel: "read committed",
          stuck: (error) => {
            connection.__knex__disposed = error;
          },
          ended: () =>
            new StoreError(
              "TRANSACTION_ENDED",
              "Cannot commit a transaction that its work has committed or rolled back: leave that to transact",
            ),
        }),
    );
  }

  session<T>(work: (run: PostgresSession) => Promise<T>): Promise<T> {
    return withConnection(
      this.#client,
      undefined,
      (connection) =>
        work((text, values = []) => query(connection, text, values)),
    );
  }

  async listen(
    channel: string,
    listener: PostgresListener,
  ): Promise<() => Promise<void>> {
    // Not one of the pool's, whose destroy() would wait for it.
    const connection = await this.#client.acquireRawConnection();
    return await listenOn(connection, channel, listener);
  }
}

async function query(
  connection: KnexConnection,
  text: string,
  values: readonly PostgresValue[],
  prepare?: boolean,
): Promise<PostgresRow[]> {
  try {
    return await queryRows(connection as Connection, text, values, prepare);
  } catch (error) {
    // Knex learns of it later, and would give it to whoever comes next.
    if (isLost(error)) connection.__knex__disposed ??= error;
    throw error;
  }
}

// COMMIT would roll back, and would not say so.
async function checkAlive(connection: KnexConnection): Promise<void> {
  try {
    await query(connection, "SELECT 1", []);
  } catch (error) {
    throw new UncommittedError(error);
  }
}
