import { clearTimeout, setTimeout } from "node:timers";
import { AppendListeners } from "../append_listeners.ts";
import { report } from "../report.ts";
import type { ErrorCallback } from "../../core/provider.ts";

/** How soon a commit of another process is noticed, in milliseconds. */
const POLL_MS = 100;

/**
 * Tells listeners that events were appended: by this provider at once, by
 * others as soon as the counter is found to have moved. One query looks for
 * all listeners; it runs only while somebody listens, and keeps no process
 * alive.
 */
export class AppendWatcher {
  #readEnd: () => Promise<number | undefined>;
  #onError: ErrorCallback;
  #listeners: AppendListeners;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #end: number | undefined;
  #failure = "";

  /**
   * @param readEnd The last position that was drawn.
   * @param onError Learns of failures to read it, each once until it is over.
   */
  constructor(
    readEnd: () => Promise<number | undefined>,
    onError: ErrorCallback,
  ) {
    this.#readEnd = readEnd;
    this.#onError = onError;
    this.#listeners = new AppendListeners(onError);
  }

  /** Calls `listener` after appends. @returns A function that ends it. */
  watch(listener: () => void): () => void {
    const remove = this.#listeners.add(listener);
    if (this.#timer === undefined) this.#pollSoon();
    return () => {
      remove();
      if (this.#listeners.size > 0) return;
      clearTimeout(this.#timer);
      this.#timer = undefined;
      this.#end = undefined;
    };
  }

  /** This provider has appended, up to this position where it is known. */
  appended(end?: number): void {
    // The poller need not wake anybody for it again.
    if (end !== undefined && this.#end !== undefined) {
      this.#end = Math.max(this.#end, end);
    }
    this.#listeners.wake();
  }

  /** A reader has met a commit that is not applied yet: it is told again. */
  heldBack(): void {
    this.#end = undefined;
  }

  #pollSoon(): void {
    this.#timer = setTimeout(() => this.#poll(), POLL_MS);
    this.#timer.unref();
  }

  async #poll(): Promise<void> {
    const timer = this.#timer;
    try {
      const end = await this.#readEnd();
      this.#failure = "";
      // At the first look nobody knows what came between watch() and it.
      if (this.#timer === timer && end !== undefined && end !== this.#end) {
        this.#end = end;
        this.appended();
      }
    } catch (error) {
      // Nobody listens any more, and the driver may be closed for that.
      if (this.#timer !== timer) return;
      const failure = String(error);
      if (failure !== this.#failure) report(this.#onError, error);
      this.#failure = failure;
    }
    if (this.#timer === timer) this.#pollSoon();
  }
}
