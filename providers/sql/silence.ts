import { clearTimeout, setTimeout } from "node:timers";
import { StoreError } from "../../core/errors.ts";
import type { ErrorCallback } from "../../core/provider.ts";
import { report } from "../report.ts";

/** How long an answer may take before `onError` is told, in milliseconds. */
const SILENCE_MS = 5000;

/** Tells of operations that wait: a pool whose connections are all held does not. */
export class Silence {
  #connections: () => string;
  #onError: ErrorCallback;
  #isReported = false;

  /**
   * @param connections Says what the pool is doing.
   * @param onError Is told once, until an operation ends again.
   */
  constructor(connections: () => string, onError: ErrorCallback) {
    this.#connections = connections;
    this.#onError = onError;
  }

  /** Runs an operation, and tells if it takes long. */
  async watch<T>(what: string, work: () => Promise<T>): Promise<T> {
    const timer = setTimeout(() => {
      if (this.#isReported) return;
      this.#isReported = true;
      report(
        this.#onError,
        new StoreError(
          "STORE_BUSY",
          `Still waiting after ${SILENCE_MS} ms to run ${what}: ${this.#connections()}; look for transactions that do not end, or use a larger pool`,
        ),
      );
    }, SILENCE_MS);
    timer.unref();
    try {
      const result = await work();
      this.#isReported = false;
      return result;
    } finally {
      clearTimeout(timer);
    }
  }
}
