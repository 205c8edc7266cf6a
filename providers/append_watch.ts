import { clearInterval, setInterval } from "node:timers";
import type { ErrorCallback } from "../core/provider.ts";
import { AppendListeners } from "./append_listeners.ts";
import { report } from "./report.ts";

/** How soon it is noticed where a look costs next to nothing, in milliseconds. */
const POLL_MS = 25;

/**
 * Tells listeners that events were appended: by this process at once, by
 * others as soon as the head of the log is found to have moved. There is a
 * timer only while somebody listens, and it keeps no process alive.
 */
export class AppendWatcher {
  #readHead: () => Promise<number | undefined>;
  #onError: ErrorCallback;
  #listeners: AppendListeners;
  #timer: ReturnType<typeof setInterval> | undefined;
  #head: number | undefined;
  #isPolling = false;
  #failure: string | undefined;
  #pollMs: number;

  /**
   * @param readHead The newest position; undefined where no other process can
   * append.
   * @param onError Learns of failures to read it, each once until it is over.
   * @param pollMs How soon a commit of another process is noticed.
   */
  constructor(
    readHead: () => Promise<number | undefined>,
    onError: ErrorCallback,
    pollMs: number = POLL_MS,
  ) {
    this.#readHead = readHead;
    this.#onError = onError;
    this.#listeners = new AppendListeners(onError);
    this.#pollMs = pollMs;
  }

  /** Calls `listener` after appends. @returns A function that ends it. */
  watch(listener: () => void): () => void {
    const remove = this.#listeners.add(listener);
    this.#timer ??= setInterval(() => this.#poll(), this.#pollMs).unref();
    return () => {
      remove();
      if (this.#listeners.size === 0) this.#stop();
    };
  }

  /** This process has appended, up to this position. */
  appended(head?: number): void {
    // The poller need not wake anybody for it again.
    if (head !== undefined && this.#head !== undefined) {
      this.#head = Math.max(this.#head, head);
    }
    this.#listeners.wake();
  }

  /** Forgets all listeners. */
  close(): void {
    this.#listeners.clear();
    this.#stop();
  }

  #stop(): void {
    clearInterval(this.#timer);
    this.#timer = undefined;
    this.#head = undefined;
  }

  async #poll(): Promise<void> {
    if (this.#isPolling) return;
    this.#isPolling = true;
    try {
      const head = await this.#readHead();
      this.#failure = undefined;
      if (head === this.#head) return;
      // At the first look nobody knows what came between watch() and it.
      this.#head = head;
      this.#listeners.wake();
    } catch (error) {
      // Nobody listens any more, and the store may be closed for that.
      if (!this.#timer) return;
      const failure = String(error);
      if (failure !== this.#failure) report(this.#onError, error);
      this.#failure = failure;
    } finally {
      this.#isPolling = false;
    }
  }
}
