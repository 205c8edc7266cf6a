import { systemClock } from "../../core/clock.ts";
import type { StoreErrorFacts } from "../../core/errors.ts";
import type { ErrorCallback } from "../../core/provider.ts";
import {
  comesOfConflict,
  isConflict,
  isLockTimeout,
  toStoreError,
} from "./mysql_errors.ts";
import type { MysqlExecutor, MysqlSession } from "./mysql_executor.ts";
import {
  checkAutocommit,
  checkSession,
  inspectSetup,
  type MysqlSetup,
} from "./mysql_setup.ts";
import type { MysqlOrdering } from "./mysql_append_statements.ts";
import type { MysqlTables } from "./mysql_names.ts";
import { Silence } from "./silence.ts";
import { Slots } from "./slots.ts";
import { checkTransaction } from "./transaction_input.ts";

/** How often a transaction that lost against another one is run again. */
const MAX_RETRIES = 5;
/** How long a statement that lost is tried again, in milliseconds. */
const RETRY_MS = 10_000;

/** What an operation is called in errors, and where it belongs. */
export type Operation<Tx> = {
  /** The name of the provider's method. */
  what: string;
  /** The transaction of the caller, if it has one. */
  tx?: Tx | undefined;
  /** The names that a caller needs to act on an error. */
  facts?: StoreErrorFacts;
};

/** How a {@linkcode MysqlStore} works. */
export type MysqlStoreOptions = {
  /** The tables. */
  tables: MysqlTables;
  /** How positions are made to appear in order. */
  ordering: MysqlOrdering;
  /** How long a transaction may lie idle, in milliseconds. */
  transactionTimeoutMs: number;
  /** Learns of what has no caller. */
  onError: ErrorCallback;
};

/** What an operation does; what it does in vain is done again. */
type Work<T> = (session: MysqlSession, setup: MysqlSetup) => Promise<T>;

/** Where each operation runs, and what its failure is called. */
export class MysqlStore<Tx> {
  #executor: MysqlExecutor<Tx>;
  #options: MysqlStoreOptions;
  #slots: Slots = new Slots();
  #setup: Promise<MysqlSetup> | undefined;
  #checked = new WeakSet<object>();
  #committing = new WeakSet<object>();
  #silence: Silence;

  /** @param executor The driver. */
  constructor(executor: MysqlExecutor<Tx>, options: MysqlStoreOptions) {
    this.#executor = executor;
    this.#options = options;
    this.#silence = new Silence(
      () => executor.connections(),
      options.onError,
    );
  }

  /** Runs `work` on what is committed, or inside the caller's transaction. */
  read<T>(operation: Operation<Tx>, work: Work<T>): Promise<T> {
    return this.#run(operation, work, false);
  }

  /** Runs `work`, whose last statement writes and commits by itself. */
  write<T>(operation: Operation<Tx>, work: Work<T>): Promise<T> {
    return this.#run(operation, work, true);
  }

  /**
   * Runs `work` for several callers, once, and throws the driver's own error:
   * what it means to each of them, they say.
   */
  runShared<T>(what: string, work: Work<T>): Promise<T> {
    return this.#silence.watch(
      what,
      () =>
        this.#executor.session(undefined, async (session) => {
          await this.#checkSession(session, undefined);
          return await work(session, await this.#inspect(session));
        }),
    );
  }

  /**
   * Runs `work` in a transaction and passes on what it throws. What lost
   * against another transaction was rolled back as a whole, and runs again.
   */
  async transact<T>(work: (tx: Tx) => Promise<T>): Promise<T> {
    // Commands that the work waits for need a connection too.
    const count = this.#executor.size() - 2;
    const { transactionTimeoutMs } = this.#options;
    for (let attempt = 0;; attempt++) {
      let failure: { reason: unknown } | undefined;
      let isDone = false;
      try {
        return await this.#slots.run(
          count,
          () =>
            this.#executor.transact(transactionTimeoutMs, async (tx) => {
              try {
                const result = await work(tx);
                isDone = true;
                return result;
              } catch (error) {
                failure = { reason: error };
                throw error;
              }
            }),
        );
      } catch (error) {
        if (attempt < MAX_RETRIES && comesOfConflict(error)) {
          await systemClock.sleep(systemClock.random() * 10 * 2 ** attempt);
          continue;
        }
        if (failure?.reason === error && failure) throw error;
        throw toStoreError(error, { what: "transact", mayBeCommitted: isDone });
      }
    }
  }

  async #run<T>(
    operation: Operation<Tx>,
    work: Work<T>,
    isWrite: boolean,
  ): Promise<T> {
    const { what, tx, facts } = operation;
    if (tx !== undefined) {
      checkTransaction(
        what,
        this.#executor.refuseTransaction(tx),
        `${this.#executor.driver} on this database`,
      );
    }
    const start = systemClock.monotonic();
    for (let attempt = 0;; attempt++) {
      let isSent = false;
      try {
        return await this.#silence.watch(
          what,
          () =>
            this.#executor.session(tx, async (session) => {
              await this.#checkSession(session, tx);
              const setup = await this.#inspect(session);
              isSent = true;
              return await work(session, setup);
            }),
        );
      } catch (error) {
        // That statement was undone, and in a transaction all of it was.
        const mayRetry = tx === undefined &&
          (isConflict(error) || isLockTimeout(error)) &&
          systemClock.monotonic() - start < RETRY_MS;
        if (mayRetry) {
          const pause = Math.min(10 * 2 ** attempt, 200);
          await systemClock.sleep(systemClock.random() * pause);
          continue;
        }
        const mayBeCommitted = isWrite && isSent && tx === undefined;
        throw toStoreError(error, { what, facts, mayBeCommitted });
      }
    }
  }

  async #checkSession(session: MysqlSession, tx: Tx | undefined) {
    const { connection } = session;
    if (!this.#checked.has(connection)) {
      await checkSession(session);
      this.#checked.add(connection);
    }
    if (tx === undefined && !this.#committing.has(connection)) {
      await checkAutocommit(session);
      this.#committing.add(connection);
    }
  }

  #inspect(session: MysqlSession): Promise<MysqlSetup> {
    const { tables, ordering } = this.#options;
    this.#setup ??= inspectSetup(session, tables, ordering).catch((error) => {
      // The next use looks again: it may be migrated by then.
      this.#setup = undefined;
      throw error;
    });
    return this.#setup;
  }
}
