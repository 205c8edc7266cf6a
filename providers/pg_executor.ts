// @ts-types="npm:@types/pg@8"
import type * as pg from "pg";
import { StoreError } from "../core/errors.ts";
import { checkClient } from "./client_input.ts";
import { listenOn, type PgListenClient } from "./pg_listen.ts";
import { queryRows } from "./pg_query.ts";
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

// Found by way of values: for types that are named, `deno doc --lint` asks for
// the documentation.

/** A `Pool` of the driver. */
export type PgPool = InstanceType<(typeof pg)["Pool"]>;
/** A `Client` of the driver, by itself or out of a pool. */
export type PgConnection =
  | InstanceType<(typeof pg)["Client"]>
  | PgTransaction;
/** The driver's `PoolClient`, in a transaction. */
export type PgTransaction = NonNullable<
  Parameters<Parameters<PgPool["connect"]>[0]>[1]
>;
/** A client of the driver. */
export type PgClient = PgPool | PgConnection;

/** A connection that is kept for a while. */
type Connection = {
  client: PgTransaction;
  isUsable: boolean;
  failure: Error | undefined;
};

/** Since pg 8.17. */
type WithStatus = { getTransactionStatus?(): string | null };

/** What every pool has, and its types leave out. */
type WithClient = {
  Client: new (
    options: PgPool["options"],
  ) => PgListenClient & { connect(): Promise<unknown> };
};

/** Pools and clients that have a listener already, which one of them needs. */
const listened = new WeakSet<object>();

/** Runs statements by the driver pg. */
export class PgExecutor implements PostgresExecutor<PgTransaction> {
  readonly driver = "pg";
  #given: PgClient | Promise<PgClient>;
  #onError: (error: unknown) => void;
  #client: PgClient | undefined;
  #open = new Set<unknown>();

  /**
   * @param client The application's own.
   * @param onError Learns of a connection that breaks while nobody uses it.
   */
  constructor(
    client: PgClient | Promise<PgClient>,
    onError: (error: unknown) => void,
  ) {
    checkClient("client", client, "query", "a Pool or a Client of pg");
    this.#given = client;
    this.#onError = onError;
    // Whoever uses it first learns of it.
    this.#connect().catch(() => {});
  }

  async size(): Promise<number> {
    const client = await this.#connect();
    return isPool(client) ? client.options?.max ?? 10 : 1;
  }

  connections(): string {
    const client = this.#client;
    return client && isPool(client)
      ? `the pool has ${client.totalCount} connections, ${client.idleCount} of them idle, and ${client.waitingCount} wait for one`
      : "there is one connection";
  }

  refuseTransaction(tx: PgTransaction): TransactionRefusal {
    if (typeof tx?.query !== "function" || isPool(tx)) return "foreign";
    if (this.#open.has(tx)) return undefined;
    return (tx as WithStatus).getTransactionStatus?.() === "I"
      ? "ended"
      : undefined;
  }

  async query(
    text: string,
    values: readonly PostgresValue[],
    { tx, prepare }: PostgresQueryOptions<PgTransaction> = {},
  ): Promise<PostgresRow[]> {
    return await queryRows(tx ?? await this.#connect(), text, values, prepare);
  }

  async transact<T>(
    idleMs: number,
    work: (tx: PgTransaction) => Promise<T>,
  ): Promise<T> {
    return await this.#hold(async (connection) => {
      const { client } = connection;
      // Given up unless it is known to be outside a transaction again.
      connection.isUsable = false;
      await client.query(
        `BEGIN ISOLATION LEVEL READ COMMITTED; SET LOCAL idle_in_transaction_session_timeout = ${idleMs}`,
      );
      this.#open.add(client);
      try {
        const result = await work(client);
        if (connection.failure) throw new UncommittedError(connection.failure);
        // After a failed statement this rolls back, and does not say so.
        const { command } = await client.query("COMMIT");
        if (command !== "COMMIT") throw new UncommittedError();
        connection.isUsable = true;
        return result;
      } catch (error) {
        await client.query("ROLLBACK").then(() => {
          connection.isUsable = true;
        }, () => {});
        throw error;
      } finally {
        this.#open.delete(client);
      }
    });
  }

  async session<T>(work: (run: PostgresSession) => Promise<T>): Promise<T> {
    return await this.#hold(({ client }) =>
      work((text, values = []) => queryRows(client, text, values))
    );
  }

  async listen(
    channel: string,
    listener: PostgresListener,
  ): Promise<() => Promise<void>> {
    const pool = await this.#connect();
    if (!isPool(pool)) {
      throw new StoreError(
        "NOT_SUPPORTED",
        'Cannot listen on the only connection, so handlers poll: give the provider a Pool, or leave "notify" out',
        { field: "notify" },
      );
    }
    // Not one of the pool's, whose end() would wait for it.
    const client = new (pool as unknown as WithClient).Client(pool.options);
    // Its failure to connect is the promise's; unheard it would end the process.
    client.on("error", () => {});
    await client.connect();
    return await listenOn(client, channel, listener);
  }

  /** Keeps one connection for `work`, and gives up one that is broken. */
  async #hold<T>(work: (connection: Connection) => Promise<T>): Promise<T> {
    const given = await this.#connect();
    const client = isPool(given) ? await given.connect() : given;
    const connection: Connection = {
      client: client as PgTransaction,
      isUsable: true,
      failure: undefined,
    };
    // A connection that nobody listens to ends the process when it breaks.
    const onFailure = (error: Error) => {
      connection.failure ??= error;
    };
    connection.client.on("error", onFailure);
    try {
      return await work(connection);
    } finally {
      connection.client.off("error", onFailure);
      if (isPool(given)) {
        connection.client.release(connection.failure ?? !connection.isUsable);
      }
    }
  }

  async #connect(): Promise<PgClient> {
    if (this.#client) return this.#client;
    const client = await this.#given;
    this.#client = client;
    if (!listened.has(client)) {
      listened.add(client);
      (client as PgPool).on("error", this.#onError);
    }
    return client;
  }
}

function isPool(client: PgClient): client is PgPool {
  return typeof (client as PgPool).totalCount === "number";
}
