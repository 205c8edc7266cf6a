import { systemClock } from "../../core/clock.ts";
import type { StoreErrorFacts } from "../../core/errors.ts";
import type { ErrorCallback } from "../../core/provider.ts";
import { SingleWriter } from "../single_writer.ts";
import {
  comesOfConflict,
  isConflict,
  isStalePlan,
  toStoreError,
} from "./postgres_errors.ts";
import type {
  PostgresExecutor,
  PostgresRow,
  PostgresValue,
} from "./postgres_executor.ts";
import { Silence } from "./silence.ts";
import { Slots } from "./slots.ts";
import { checkTransaction } from "./transaction_input.ts";

/** How often what lost against another transaction is tried again. */
const MAX_RETRIES = 5;

/** What an operation is called in errors, and where it belongs. */
export type Operation<Tx> = {
  /** The name of the provider's method. */
  what: string;
  /** The transaction of the caller, if it has one. */
  tx?: Tx | undefined;
  /** The names that a caller needs to act on an error. */
  facts?: StoreErrorFacts;
  /** Plan it for these values: no one plan is right for all. */
  isPlannedAnew?: boolean;
};

/** How a {@linkcode PostgresStore} works. */
export type PostgresStoreOptions = {
  /** Keep statements prepared. */
  prepare: boolean;
  /** How long a transaction may lie idle, in milliseconds. */
  transactionTimeoutMs: number;
  /** Learns of what has no caller. */
  onError: ErrorCallback;
};

/** Where each operation runs, and what its failure is called. */
export class PostgresStore<Tx> {
  #executor: PostgresExecutor<Tx>;
  #options: PostgresStoreOptions;
  // A single connection cannot do two things at once.
  #turns: SingleWriter = new SingleWriter();
  #slots: Slots = new Slots();
  #isSingle: boolean | undefined;
  #silence: Silence;

  /** @param executor The driver. */
  constructor(executor: PostgresExecutor<Tx>, options: PostgresStoreOptions) {
    this.#executor = executor;
    this.#options = options;
    this.#silence = new Silence(
      () => executor.connections(),
      options.onError,
    );
  }

  /** Runs a statement that only reads. */
  read(
    operation: Operation<Tx>,
    text: string,
    values: readonly PostgresValue[],
  ): Promise<PostgresRow[]> {
    return this.#run(operation, text, values, false);
  }

  /** Runs a statement that commits by itself, or with the caller's transaction. */
  write(
    operation: Operation<Tx>,
    text: string,
    values: readonly PostgresValue[],
  ): Promise<PostgresRow[]> {
    return this.#run(operation, text, values, true);
  }

  /**
   * Runs a statement for several callers, once, and throws the driver's own
   * error: what it means to each of them, they say.
   */
  async runShared(
    what: string,
    text: string,
    values: readonly PostgresValue[],
  ): Promise<PostgresRow[]> {
    const query = (prepare: boolean) =>
      this.#silence.watch(
        what,
        () =>
          this.#alone(
            what,
            () => this.#executor.query(text, values, { prepare }),
            false,
          ),
      );
    try {
      return await query(this.#options.prepare);
    } catch (error) {
      if (!isStalePlan(error)) throw error;
      return await query(false);
    }
  }

  /**
   * Refuses what would wait for the transaction that it runs in.
   *
   * @throws {StoreError} `TRANSACTION_JOINED` inside `transact`, where there is
   * one connection.
   */
  checkOutside(what: string): void {
    this.#turns.checkOutside(what);
  }

  /**
   * Runs `work` in a transaction and passes on what it throws. What lost
   * against another transaction was rolled back as a whole, and runs again.
   */
  async transact<T>(work: (tx: Tx) => Promise<T>): Promise<T> {
    const { transactionTimeoutMs } = this.#options;
    for (let attempt = 0;; attempt++) {
      let failure: { reason: unknown } | undefined;
      let isDone = false;
      try {
        return await this.#alone(
          "transact",
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
          true,
        );
      } catch (error) {
        if (attempt < MAX_RETRIES && comesOfConflict(error)) {
          await systemClock.sleep(systemClock.random() * 10 * 2 ** attempt);
          continue;
        }
        if (failure?.reason === error) throw error;
        throw toStoreError(error, { what: "transact", mayBeCommitted: isDone });
      }
    }
  }

  /** Whether statements may run inside a transaction of the application. */
  async isSingle(): Promise<boolean> {
    this.#isSingle ??= await this.#executor.size() === 1;
    return this.#isSingle;
  }

  async #run(
    operation: Operation<Tx>,
    text: string,
    values: readonly PostgresValue[],
    isWrite: boolean,
  ): Promise<PostgresRow[]> {
    const { what, tx, facts } = operation;
    if (tx !== undefined) {
      checkTransaction(
        what,
        this.#executor.refuseTransaction(tx),
        this.#executor.driver,
      );
    }
    const query = (prepare: boolean) =>
      this.#executor.query(text, values, { tx, prepare });
    let prepare = this.#options.prepare && !operation.isPlannedAnew;
    for (let attempt = 0;; attempt++) {
      try {
        if (tx !== undefined) return await query(prepare);
        return await this.#silence.watch(
          what,
          () => this.#alone(what, () => query(prepare), false),
        );
      } catch (error) {
        // Nothing of it was stored. In a transaction the caller has to decide.
        if (tx === undefined && attempt < MAX_RETRIES) {
          if (isStalePlan(error) && prepare) {
            prepare = false;
            continue;
          }
          if (isConflict(error)) {
            await systemClock.sleep(systemClock.random() * 10 * 2 ** attempt);
            continue;
          }
        }
        const mayBeCommitted = isWrite && tx === undefined;
        throw toStoreError(error, { what, facts, mayBeCommitted });
      }
    }
  }

  /** In turn on a single connection; transactions leave a pool room for others. */
  async #alone<T>(
    what: string,
    work: () => Promise<T>,
    isTransaction: boolean,
  ): Promise<T> {
    if (await this.isSingle()) {
      return isTransaction
        ? await this.#turns.transact(what, work)
        : await this.#turns.write(what, work);
    }
    if (!isTransaction) return await work();
    return await this.#slots.run(await this.#executor.size() - 2, work);
  }
}
