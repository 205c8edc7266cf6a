import type { ErrorCallback } from "../core/provider.ts";
import { AppendListeners } from "./append_listeners.ts";
import type { NatsConnection } from "./nats_connection.ts";
import { report } from "./report.ts";

/**
 * Tells listeners that events were appended: by this process at once, by others
 * as the stream's leader announces each commit.
 */
export class AppendWatcher {
  #connection: NatsConnection;
  #bell: string;
  #onError: ErrorCallback;
  #listeners: AppendListeners;
  #subscription: { unsubscribe(): void } | undefined;

  /**
   * @param bell The subject where commits are announced.
   * @param onError Learns of failures to listen.
   */
  constructor(
    connection: NatsConnection,
    bell: string,
    onError: ErrorCallback,
  ) {
    this.#connection = connection;
    this.#bell = bell;
    this.#onError = onError;
    this.#listeners = new AppendListeners(onError);
  }

  /** Calls `listener` after appends. @returns A function that ends it. */
  watch(listener: () => void): () => void {
    const remove = this.#listeners.add(listener);
    this.#listen();
    return () => {
      remove();
      if (this.#listeners.size > 0) return;
      this.#subscription?.unsubscribe();
      this.#subscription = undefined;
    };
  }

  /** Something was appended. */
  appended(): void {
    this.#listeners.wake();
  }

  #listen(): void {
    try {
      this.#subscription ??= this.#connection.subscribe(this.#bell, {
        callback: (error: unknown) => {
          if (error) report(this.#onError, error);
          else this.appended();
        },
      });
    } catch (error) {
      // Handlers poll as well.
      report(this.#onError, error);
    }
  }
}
