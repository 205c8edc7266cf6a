import { systemClock } from "../../core/clock.ts";
import { StoreError } from "../../core/errors.ts";
import type { ErrorCallback } from "../../core/provider.ts";
import { report } from "../report.ts";

/** Other processes are told no oftener than this, in milliseconds. */
const PAUSE_MS = 10;

/**
 * Tells other processes that events are new: after their commit and by a
 * statement of its own, since a NOTIFY in the transaction of an append makes
 * all appends wait for each other. One serves all appends that came meanwhile.
 */
export class AppendAnnouncer {
  #notify: () => Promise<void>;
  #onError: ErrorCallback;
  #isSending = false;
  #isDue = false;
  #failure = "";

  /**
   * @param notify Sends one notification.
   * @param onError Learns of failures to, each once until it is over.
   */
  constructor(notify: () => Promise<void>, onError: ErrorCallback) {
    this.#notify = notify;
    this.#onError = onError;
  }

  /** Events are new. */
  announce(): void {
    this.#isDue = true;
    if (!this.#isSending) this.#send();
  }

  async #send(): Promise<void> {
    this.#isSending = true;
    while (this.#isDue) {
      this.#isDue = false;
      try {
        await this.#notify();
        this.#failure = "";
      } catch (error) {
        this.#tell(error);
      }
      await systemClock.sleep(PAUSE_MS);
    }
    this.#isSending = false;
  }

  #tell(error: unknown): void {
    // Whoever appends and closes the client at once loses nothing: others poll.
    if (error instanceof StoreError && error.code === "STORE_CLOSED") return;
    const failure = String(error);
    if (failure !== this.#failure) report(this.#onError, error);
    this.#failure = failure;
  }
}
