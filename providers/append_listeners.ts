import type { ErrorCallback } from "../core/provider.ts";
import { report } from "./report.ts";

/** Who wants to be told that events were appended. */
export class AppendListeners {
  #onError: ErrorCallback;
  // Wrapped, so that who listens twice is called twice, and ends once.
  #entries: Set<{ listener: () => void }> = new Set();

  /** @param onError Learns of what a listener throws. */
  constructor(onError: ErrorCallback) {
    this.#onError = onError;
  }

  /** How many there are. */
  get size(): number {
    return this.#entries.size;
  }

  /**
   * Adds one.
   *
   * @returns A function that takes it away, and says whether it was there.
   */
  add(listener: () => void): () => boolean {
    const entry = { listener };
    this.#entries.add(entry);
    return () => this.#entries.delete(entry);
  }

  /** Forgets all of them. */
  clear(): void {
    this.#entries.clear();
  }

  /** Calls each; one that throws keeps no other from being called. */
  wake(): void {
    for (const { listener } of [...this.#entries]) {
      try {
        listener();
      } catch (error) {
        report(this.#onError, error);
      }
    }
  }
}
