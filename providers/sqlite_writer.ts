import type { DatabaseSync } from "node:sqlite";
import { setImmediate } from "node:timers";
import { systemClock } from "../core/clock.ts";
import { StoreError } from "../core/errors.ts";
import { SingleWriter } from "./single_writer.ts";
import type { SqliteConnection } from "./sqlite_connection.ts";
import {
  BUSY_MS,
  endedTransaction,
  foreignTransaction,
  patiently,
  toStoreError,
} from "./sqlite_errors.ts";
import { tellAppendGroup } from "./append_groups.ts";
import { isVerdict } from "./verdict.ts";

/** The most writes that are committed together. */
const MAX_GROUP = 100;

/** A transaction longer than this is followed by a pause, in milliseconds. */
const LONG_TRANSACTION_MS = 5;

/** More than the pause between two tries of a process that waits its turn. */
const PAUSE_MS = 8;

type Write = {
  what: string;
  work: (connection: SqliteConnection) => unknown;
  resolve: (value: any) => void;
  reject: (error: unknown) => void;
};

type Outcome = { value: unknown } | { refusal: unknown };

/**
 * Everything of this process that writes to the database, on one connection.
 *
 * Writes that arrive together are committed together: the commit waits for the
 * disk, and that is what a write costs. They share nothing else; if one of
 * them fails, each is run by itself.
 */
export class SqliteWriter {
  #connect: () => Promise<SqliteConnection>;
  #turns: SingleWriter;
  #waiting: Write[] = [];
  #isScheduled = false;
  #transaction: SqliteConnection | undefined;
  #pauseUntil = 0;

  /**
   * @param connect Opens the connection, or gives the one that is open.
   * @param maxWaitMs How long a write waits for the ones before it.
   */
  constructor(
    connect: () => Promise<SqliteConnection>,
    maxWaitMs: number = BUSY_MS,
  ) {
    this.#connect = connect;
    this.#turns = new SingleWriter(maxWaitMs);
  }

  /**
   * Runs a write in a transaction and commits it.
   *
   * @param what Who writes, for errors.
   * @param work It must not await, and throws a `VersionError` or a
   * `DuplicateCommandError` only while it has written nothing.
   */
  write<T>(
    what: string,
    work: (connection: SqliteConnection) => T,
  ): Promise<T> {
    return new Promise((resolve, reject) => {
      this.#turns.checkOutside(what);
      this.#waiting.push({ what, work, resolve, reject });
      this.#schedule();
    });
  }

  /** Runs `work` while nobody writes, outside any transaction. */
  alone<T>(
    what: string,
    work: (connection: SqliteConnection) => T,
  ): Promise<T> {
    return this.#turns.write(what, async () => {
      const connection = await this.#connect();
      return await patiently(what, () => {
        if (connection.inTransaction) throw foreignTransaction(what);
        return work(connection);
      });
    });
  }

  /** Runs what is waiting, and then `work`, which ends everything. */
  close(work: () => Promise<void>): Promise<void> {
    return this.#turns.write("close", async () => {
      while (this.#waiting.length > 0) await this.#commitGroup();
      await work();
    });
  }

  /**
   * Runs `work` in a transaction that may await, and commits it.
   *
   * @throws {StoreError} `TRANSACTION_ENDED` if it was rolled back meanwhile.
   */
  async transact<T>(work: (tx: DatabaseSync) => Promise<T>): Promise<T> {
    for (;;) {
      const pause = this.#pauseUntil - systemClock.monotonic();
      if (pause > 0) await systemClock.sleep(pause);
      const outcome = await this.#turns.transact(
        "transact",
        () => this.#transact(work),
      );
      if (outcome) return outcome.value;
    }
  }

  /**
   * The connection of the transaction that a caller was given.
   *
   * @throws {StoreError} If `tx` is not the open transaction of this provider.
   */
  joined(what: string, tx: unknown): SqliteConnection {
    const connection = this.#transaction;
    if (connection && connection.database === tx) {
      if (!connection.inTransaction) throw endedTransaction(what);
      return connection;
    }
    if (isInTransaction(tx)) throw foreignTransaction(what);
    throw new StoreError(
      "TRANSACTION_ENDED",
      `Cannot run ${what}: its "tx" is not an open transaction of this provider; use the one that provider.transact() gave, before its work ends`,
      { field: "tx" },
    );
  }

  // Undefined if it has to pause first: it holds up no other writer meanwhile.
  async #transact<T>(
    work: (tx: DatabaseSync) => Promise<T>,
  ): Promise<{ value: T } | undefined> {
    if (systemClock.monotonic() < this.#pauseUntil) return undefined;
    const connection = await this.#connect().catch(rethrowAsStoreError);
    await patiently("transact", () => begin("transact", connection))
      .catch(rethrowAsStoreError);
    const start = systemClock.monotonic();
    this.#transaction = connection;
    try {
      const value = await work(connection.database);
      await patiently("transact", () => commit("transact", connection))
        .catch(rethrowAsStoreError);
      return { value };
    } catch (error) {
      connection.rollback();
      throw error;
    } finally {
      this.#transaction = undefined;
      const end = systemClock.monotonic();
      if (end - start > LONG_TRANSACTION_MS) this.#pauseUntil = end + PAUSE_MS;
    }
  }

  #schedule(): void {
    const [first] = this.#waiting;
    if (this.#isScheduled || !first) return;
    this.#isScheduled = true;
    this.#turns.write(first.what, async () => {
      // Whoever was woken by the same event has its write ready by then.
      await immediately();
      this.#isScheduled = false;
      await this.#commitGroup();
    }).catch((error) => {
      this.#isScheduled = false;
      rejectAll(this.#waiting.splice(0), error);
    }).finally(() => this.#schedule());
  }

  async #commitGroup(): Promise<void> {
    if (this.#waiting.length === 0) return;
    const group: Write[] = [];
    try {
      const connection = await this.#connect();
      try {
        const outcomes = await patiently("write", () => {
          group.push(...this.#waiting.splice(0, MAX_GROUP - group.length));
          return commitTogether(connection, group);
        });
        tellAppendGroup(
          "sqlite",
          group.filter(({ what }) => what === "append").length,
        );
        group.forEach((write, at) => settle(write, outcomes[at]!));
      } catch (error) {
        // What the library refuses, it refuses to all of them.
        if (group.length === 1 || error instanceof StoreError) throw error;
        for (const write of group) await commitAlone(connection, write);
      }
    } catch (error) {
      if (group.length === 0) group.push(...this.#waiting.splice(0));
      rejectAll(group, error);
    }
  }
}

async function commitAlone(
  connection: SqliteConnection,
  write: Write,
): Promise<void> {
  try {
    const outcomes = await patiently(
      write.what,
      () => commitTogether(connection, [write]),
    );
    settle(write, outcomes[0]!);
  } catch (error) {
    write.reject(error);
  }
}

/** Commits all of them or nothing; it never awaits. */
function commitTogether(
  connection: SqliteConnection,
  group: Write[],
): Outcome[] {
  const what = group[0]!.what;
  begin(what, connection);
  try {
    const outcomes = group.map(({ work }): Outcome => {
      try {
        return { value: work(connection) };
      } catch (error) {
        if (!isVerdict(error)) throw error;
        return { refusal: error };
      }
    });
    commit(what, connection);
    return outcomes;
  } catch (error) {
    connection.rollback();
    throw error;
  }
}

// Each caller gets an error of its own; of the driver's the store makes one.
function rejectAll(group: Write[], error: unknown): void {
  for (const write of group) {
    write.reject(
      error instanceof StoreError && group.length > 1
        ? new StoreError(error.code, error.message, { cause: error })
        : error,
    );
  }
}

function settle(write: Write, outcome: Outcome): void {
  if ("value" in outcome) write.resolve(outcome.value);
  else write.reject(outcome.refusal);
}

function begin(what: string, connection: SqliteConnection): void {
  if (connection.inTransaction) throw foreignTransaction(what);
  connection.begin();
}

// A transaction that ended by itself leaves later statements committed one by
// one; only here can that be told.
function commit(what: string, connection: SqliteConnection): void {
  if (!connection.inTransaction) throw endedTransaction(what);
  connection.run("COMMIT");
}

function rethrowAsStoreError(error: unknown): never {
  throw toStoreError("transact", error);
}

function isInTransaction(tx: unknown): boolean {
  return (tx as { isTransaction?: unknown } | null)?.isTransaction === true;
}

function immediately(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
