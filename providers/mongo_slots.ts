import { StoreError } from "../core/errors.ts";
import { readHead } from "./mongo_read.ts";
import type { MongoLog } from "./mongo_store.ts";

/** How long a writer waits for others, in milliseconds. */
export const PATIENCE_MS = 15_000;

/**
 * The next position is one writer's at a time. Between processes the unique
 * index on positions sees to that; inside a process its writers take turns, as
 * the server lets one of them wait for a transaction of the other.
 */
export class MongoSlots {
  #last: Promise<unknown> = Promise.resolve();
  #holder = "nobody";
  #head: bigint | undefined;

  /**
   * Waits for its turn.
   *
   * @returns A function that ends it; more than once is harmless.
   * @throws {StoreError} `STORE_BUSY`
   */
  take(what: string): Promise<() => void> {
    return new Promise((resolve, reject) => {
      let isWaiting = true;
      const timer = setTimeout(() => {
        isWaiting = false;
        reject(
          new StoreError(
            "STORE_BUSY",
            `Cannot run ${what}: ${this.#holder} has kept the end of the log for ${PATIENCE_MS} ms; if it waits for this call, give this call its "tx"`,
          ),
        );
      }, PATIENCE_MS);
      this.#last = this.#last.then(() => {
        clearTimeout(timer);
        if (!isWaiting) return;
        this.#holder = what;
        return new Promise<void>((end) => resolve(end));
      });
    });
  }

  /**
   * The last position that is taken for good: of an own commit that was
   * acknowledged by a majority, or read by one.
   */
  async head(log: MongoLog): Promise<bigint> {
    return this.#head ??= await readHead(log);
  }

  /** An own commit was acknowledged, up to here. */
  advance(head: bigint): void {
    if (this.#head === undefined || head > this.#head) this.#head = head;
  }

  /** Somebody else has taken a position. */
  forget(): void {
    this.#head = undefined;
  }
}
