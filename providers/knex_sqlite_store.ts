import type { Knex } from "knex";
import { setImmediate } from "node:timers/promises";
import { StoreError } from "../core/errors.ts";
import {
  type KnexClient,
  type KnexConnection,
  refuseTransaction,
  sizeOf,
  withConnection,
} from "./knex_client.ts";
import {
  endedTransaction,
  patiently,
  toStoreError,
} from "./knex_sqlite_errors.ts";
import { WriteGroups } from "./knex_sqlite_groups.ts";
import { transactOn } from "./knex_transaction.ts";
import { SingleWriter } from "./single_writer.ts";
import { BEGIN } from "./sql/sqlite.ts";
import type {
  Operation as AnyOperation,
  SqliteStore,
} from "./sql/sqlite_provider.ts";
import type { Answer, SqliteValue } from "./sql/sqlite_session.ts";

/** Runs statements on one and the same connection. */
export type SqliteSession = {
  /** All rows. */
  all<Row>(sql: string, ...values: SqliteValue[]): Promise<Row[]>;
  /** All rows, each as its values in the order of its columns. */
  lists<Row extends unknown[]>(
    sql: string,
    ...values: SqliteValue[]
  ): Promise<Row[]>;
  /** The first row. */
  get<Row>(sql: string, ...values: SqliteValue[]): Promise<Row | undefined>;
  /** @returns How many rows were changed. */
  run(sql: string, ...values: SqliteValue[]): Promise<number>;
};

type Operation = AnyOperation<Knex.Transaction>;

type Work<T> = (session: SqliteSession) => Answer<T>;

/** The connection of a driver that tells whether a transaction is open. */
type Telling = { inTransaction?: boolean };

/** All providers on one client write in turn. */
const writers = new WeakMap<KnexClient, SingleWriter>();

/** Where each operation runs on a client of Knex, and what its failure is called. */
export class KnexSqliteStore implements SqliteStore<Knex.Transaction> {
  #client: KnexClient;
  #writer: SingleWriter;
  #turns = new WeakMap<KnexConnection, Promise<unknown>>();
  #groups: WriteGroups<SqliteSession>;

  /** @param client The client of the application. */
  constructor(client: KnexClient) {
    this.#client = client;
    let writer = writers.get(client);
    if (!writer) writers.set(client, writer = new SingleWriter());
    this.#writer = writer;
    this.#groups = new WriteGroups(
      writer,
      (what, work) => this.#commit(what, work),
    );
  }

  /** Whether no other connection can reach the database. */
  isPrivate(): boolean {
    const { connection } = this.#client.config as {
      connection?: { filename?: unknown } | string;
    };
    const file = typeof connection === "object"
      ? connection?.filename
      : connection;
    return file === ":memory:" || file === "";
  }

  /** Runs `work` on what is committed, or inside the caller's transaction. */
  async read<T>(operation: Operation, work: Work<T>): Promise<T> {
    const { what, tx } = operation;
    return await this.#guard(operation, async () => {
      // It would wait for the only connection, which its transaction holds.
      if (tx === undefined && sizeOf(this.#client) === 1) {
        this.#writer.checkOutside(what);
      }
      return await withConnection(
        this.#client,
        tx,
        (connection) => patiently(what, () => work(this.#session(connection))),
      );
    });
  }

  /** Runs `work` and commits it, or inside the caller's transaction. */
  async write<T>(operation: Operation, work: Work<T>): Promise<T> {
    const { what, tx } = operation;
    return await this.#guard(
      operation,
      () =>
        tx === undefined
          ? this.#letOthersRun(this.#groups.write(what, work))
          : withConnection(this.#client, tx, (connection) => {
            // Two at once would take each other's savepoint for their own.
            const turn = (this.#turns.get(connection) ?? Promise.resolve())
              .then(() => {
                checkOpen(what, connection);
                return savepoint(this.#session(connection), work);
              });
            this.#turns.set(connection, turn.catch(() => {}));
            return turn;
          }),
    );
  }

  /** Runs `work` in a transaction and passes on what it throws. */
  async transact<T>(work: (tx: Knex.Transaction) => Promise<T>): Promise<T> {
    const what = "transact";
    let failure: { reason: unknown } | undefined;
    try {
      return await this.#letOthersRun(this.#writer.transact(
        what,
        () =>
          withConnection(
            this.#client,
            undefined,
            (connection) =>
              transactOn(this.#client, connection, async (tx) => {
                const session = this.#session(connection);
                // Knex has begun one that takes the write lock later, and then
                // can fail for ever.
                await session.run("ROLLBACK");
                await beginAgain(what, session);
                try {
                  const value = await work(tx);
                  checkOpen(what, connection);
                  return value;
                } catch (reason) {
                  failure = { reason };
                  throw reason;
                }
              }, { ended: () => endedTransaction(what) }),
          ),
      ));
    } catch (error) {
      if (failure && failure.reason === error) throw error;
      throw toStoreError(what, error);
    }
  }

  /**
   * With a driver that answers at once, a loop of writes would let no timer and
   * no socket have its turn.
   */
  async #letOthersRun<T>(written: Promise<T>): Promise<T> {
    const result = await written;
    await setImmediate();
    return result;
  }

  #commit<T>(what: string, work: Work<T>): Promise<T> {
    return withConnection(this.#client, undefined, async (connection) => {
      const session = this.#session(connection);
      await patiently(what, () => begin(session));
      try {
        const result = await work(session);
        await patiently(what, () => session.run("COMMIT"));
        return result;
      } catch (error) {
        // A full disk has rolled it back already.
        await session.run("ROLLBACK").catch(() => {});
        throw error;
      }
    });
  }

  #session(connection: KnexConnection): SqliteSession {
    const query = (sql: string, bindings: SqliteValue[], method: string) =>
      this.#client._query(connection, { sql, bindings, method });
    return {
      all: async (sql, ...values) => (await query(sql, values, "raw")).response,
      lists: async (sql, ...values) => {
        const { response } = await query(sql, values, "raw");
        return response.map((row: object) => Object.values(row));
      },
      get: async (sql, ...values) =>
        (await query(sql, values, "raw")).response[0],
      run: async (sql, ...values) =>
        Number((await query(sql, values, "update")).context?.changes ?? 0),
    };
  }

  async #guard<T>(operation: Operation, run: () => Promise<T>): Promise<T> {
    const { what, tx, facts } = operation;
    if (tx !== undefined) this.#checkTransaction(what, tx);
    try {
      return await run();
    } catch (error) {
      throw toStoreError(what, error, facts);
    }
  }

  #checkTransaction(what: string, tx: Knex.Transaction): void {
    const refusal = refuseTransaction(this.#client, tx);
    if (refusal === undefined) return;
    throw refusal === "foreign"
      ? new StoreError(
        "INVALID_INPUT",
        "Expected tx to be a transaction of Knex on this database: got something else",
        { field: "tx" },
      )
      : new StoreError(
        "TRANSACTION_ENDED",
        `Cannot run ${what}: its "tx" is no open transaction; await everything that uses one before its work ends`,
        { field: "tx" },
      );
  }
}

// Waiting for the lock inside SQLite would block the event loop.
async function begin(session: SqliteSession): Promise<void> {
  const row = await session.get<{ timeout: number }>("PRAGMA busy_timeout");
  const timeout = Number(row?.timeout ?? 0);
  if (timeout > 0) await session.all("PRAGMA busy_timeout = 0");
  try {
    await session.run(BEGIN);
  } finally {
    if (timeout > 0) await session.all(`PRAGMA busy_timeout = ${timeout}`);
  }
}

// Knex will roll back whatever comes, so something must be there for it.
async function beginAgain(what: string, session: SqliteSession): Promise<void> {
  try {
    await patiently(what, () => begin(session));
  } catch (error) {
    await session.run("BEGIN");
    throw error;
  }
}

// The caller may catch an error and commit the rest of its transaction: what
// failed must not have half happened.
async function savepoint<T>(
  session: SqliteSession,
  work: Work<T>,
): Promise<T> {
  await session.run("SAVEPOINT evtstore");
  try {
    const result = await work(session);
    await session.run("RELEASE evtstore");
    return result;
  } catch (error) {
    await session.run("ROLLBACK TO evtstore").catch(() => {});
    await session.run("RELEASE evtstore").catch(() => {});
    throw error;
  }
}

// What follows the end of a transaction would be committed one by one.
function checkOpen(what: string, connection: KnexConnection): void {
  if ((connection as Telling).inTransaction === false) {
    throw endedTransaction(what);
  }
}
