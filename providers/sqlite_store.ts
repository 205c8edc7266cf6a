import type { DatabaseSync } from "node:sqlite";
import type {
  Operation as AnyOperation,
  SqliteStore as AnyStore,
  Work as AnyWork,
} from "./sql/sqlite_provider.ts";
import {
  type SqliteConnection,
  SqliteConnections,
  type SqliteSource,
  type SqliteSynchronous,
} from "./sqlite_connection.ts";
import { closed, patiently, toStoreError } from "./sqlite_errors.ts";
import { SqliteWriter } from "./sqlite_writer.ts";

type Operation = AnyOperation<DatabaseSync>;

type Work<T> = (connection: SqliteConnection) => T;

/**
 * A database that is opened when it is first used, and where each operation
 * runs: in the caller's transaction, on the reader, or in turn on the writer.
 */
export class SqliteStore implements AnyStore<DatabaseSync> {
  #source: SqliteSource;
  #synchronous: SqliteSynchronous | undefined;
  #connections: Promise<SqliteConnections> | undefined;
  #writer: SqliteWriter = new SqliteWriter(
    async () => (await this.#connect()).writer,
  );
  #isClosed = false;

  /** @param source Where the database is. */
  constructor(source: SqliteSource, synchronous?: SqliteSynchronous) {
    this.#source = source;
    this.#synchronous = synchronous;
  }

  /** Runs `work` on what is committed, or inside the caller's transaction. */
  async read<T>(operation: Operation, asked: AnyWork<T>): Promise<T> {
    const { what, tx } = operation;
    // The connection answers at once, and so does the work.
    const work = asked as Work<T>;
    return await this.#guard(operation, async () => {
      if (tx !== undefined) return work(this.#writer.joined(what, tx));
      const connections = await this.#connect();
      return connections.isShared
        ? await this.#writer.alone(what, work)
        : await patiently(what, () => work(connections.forReading));
    });
  }

  /** Runs `work` and commits it, or inside the caller's transaction. */
  async write<T>(operation: Operation, asked: AnyWork<T>): Promise<T> {
    const { what, tx } = operation;
    // The connection answers at once, and so does the work.
    const work = asked as Work<T>;
    return await this.#guard(
      operation,
      () =>
        tx !== undefined
          ? savepoint(this.#writer.joined(what, tx), work)
          : this.#writer.write(what, work),
    );
  }

  /** Runs `work` in a transaction, and passes on what it throws. */
  async transact<T>(work: (tx: DatabaseSync) => Promise<T>): Promise<T> {
    if (this.#isClosed) throw closed("transact");
    return await this.#writer.transact(work);
  }

  /** Whether no other connection can reach the database. */
  async isPrivate(): Promise<boolean> {
    return (await this.#connect()).isShared;
  }

  /** Waits for what is being written, and closes what was opened here. */
  async close(): Promise<void> {
    if (this.#isClosed) return;
    this.#isClosed = true;
    await this.#writer.close(async () => {
      // What could not be opened need not be closed.
      const connections = await this.#connections?.catch(() => undefined);
      connections?.close();
    });
  }

  async #guard<T>(
    operation: Operation,
    run: () => T | Promise<T>,
  ): Promise<T> {
    if (this.#isClosed) throw closed(operation.what);
    try {
      return await run();
    } catch (error) {
      const { what, facts } = operation;
      const path = "path" in this.#source ? this.#source.path : undefined;
      throw toStoreError(what, error, { path, facts });
    }
  }

  #connect(): Promise<SqliteConnections> {
    this.#connections ??= SqliteConnections.open(
      this.#source,
      this.#synchronous,
    ).catch((error) => {
      // The next use tries again: the folder may exist by then.
      this.#connections = undefined;
      throw error;
    });
    return this.#connections;
  }
}

// The caller may catch an error and commit the rest of its transaction: what
// failed must not have half happened.
function savepoint<T>(connection: SqliteConnection, work: Work<T>): T {
  connection.run("SAVEPOINT evtstore");
  try {
    const result = work(connection);
    connection.run("RELEASE evtstore");
    return result;
  } catch (error) {
    if (connection.inTransaction) {
      connection.run("ROLLBACK TO evtstore");
      connection.run("RELEASE evtstore");
    }
    throw error;
  }
}
