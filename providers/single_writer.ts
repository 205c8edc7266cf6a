import {
  type AsyncContext,
  createAsyncContext,
} from "../core/async_context.ts";
import { StoreError } from "../core/errors.ts";

type Transaction = { open: boolean };

/**
 * Lets the writers of one process write one after the other, for stores where
 * one connection does all the writing.
 *
 * Without it a write that arrives while a transaction waits for its handler
 * would join that transaction: acknowledged first, rolled back with it later.
 */
export class SingleWriter {
  #last: Promise<unknown> = Promise.resolve();
  #holder: string | undefined;
  /** How many write or wait. */
  #size = 0;
  #inside: AsyncContext<Transaction> = createAsyncContext();
  #maxWaitMs: number;

  /** @param maxWaitMs How long a writer waits for the ones before it. */
  constructor(maxWaitMs = 10_000) {
    this.#maxWaitMs = maxWaitMs;
  }

  /**
   * Runs one write that commits by itself.
   *
   * @param what Who writes, for the error of the one that waits in vain.
   * @throws {StoreError} `TRANSACTION_JOINED` inside `transact` of this writer;
   * `STORE_BUSY` if those before it do not come to an end.
   */
  async write<T>(what: string, work: () => T | Promise<T>): Promise<T> {
    this.checkOutside(what);
    return await this.#queue(what, work);
  }

  /**
   * Refuses what would wait for the transaction that it runs in.
   *
   * @throws {StoreError} `TRANSACTION_JOINED` inside `transact` of this writer.
   */
  checkOutside(what: string): void {
    if (!this.#inside.get()?.open) return;
    throw new StoreError(
      "TRANSACTION_JOINED",
      `Cannot run ${what} beside the transaction that this code runs in: give it the transaction as "tx"`,
    );
  }

  /**
   * Runs a transaction: its `work` may await, and nobody else writes meanwhile.
   *
   * @throws {StoreError} As `write` does.
   */
  transact<T>(what: string, work: () => Promise<T>): Promise<T> {
    return this.write(what, async () => {
      const transaction: Transaction = { open: true };
      try {
        return await this.#inside.run(transaction, work);
      } finally {
        // Work left behind, such as a timer, is not inside it any more.
        transaction.open = false;
      }
    });
  }

  #queue<T>(what: string, work: () => T | Promise<T>): Promise<T> {
    return new Promise<T>((resolve, reject) => {
      let waiting = true;
      // A timer costs more than most of what else a write does here.
      const timer = this.#size === 0 ? undefined : setTimeout(() => {
        waiting = false;
        reject(
          new StoreError(
            "STORE_BUSY",
            `Cannot run ${what}: ${this.#holder} has kept the only writer for ${this.#maxWaitMs} ms; if it waits for this call, give this call its "tx"`,
          ),
        );
      }, this.#maxWaitMs);
      this.#size++;
      this.#last = this.#last.then(async () => {
        clearTimeout(timer);
        try {
          if (!waiting) return;
          this.#holder = what;
          resolve(await work());
        } catch (error) {
          reject(error);
        } finally {
          this.#size--;
        }
      });
    });
  }
}
