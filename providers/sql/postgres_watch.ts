import { clearTimeout, setTimeout } from "node:timers";
import { systemClock } from "../../core/clock.ts";
import type { ErrorCallback } from "../../core/provider.ts";
import type { SafeEnd } from "./postgres_horizon.ts";
import { report } from "./postgres_report.ts";
import type { Position } from "./postgres_rows.ts";

const FIRST_PAUSE_MS = 5;
const LAST_PAUSE_MS = 50;
/** How long the commit of somebody else's transaction is waited for. */
const FOLLOW_MS = 5000;

/**
 * Tells listeners that events may be new: at once after an append of this
 * provider, and as soon as the log is final up to what was held back. It looks
 * at the database only while somebody listens and something is due.
 */
export class AppendWatcher {
  #refresh: () => Promise<SafeEnd>;
  #onError: ErrorCallback;
  #listeners = new Set<{ listener: () => void }>();
  #timer: ReturnType<typeof setTimeout> | undefined;
  #pause = FIRST_PAUSE_MS;
  #safe: Position | undefined;
  #followed: { position: Position; until: number } | undefined;
  #failure = "";

  /**
   * @param refresh Looks how far the log is final.
   * @param onError Learns of failures to look, each once until it is over.
   */
  constructor(refresh: () => Promise<SafeEnd>, onError: ErrorCallback) {
    this.#refresh = refresh;
    this.#onError = onError;
  }

  /** Calls `listener` after appends. @returns A function that ends it. */
  watch(listener: () => void): () => void {
    const entry = { listener };
    this.#listeners.add(entry);
    return () => {
      this.#listeners.delete(entry);
      if (this.#listeners.size === 0) this.#stop();
    };
  }

  /** Events were appended, and are committed. */
  wake(): void {
    for (const { listener } of [...this.#listeners]) {
      try {
        listener();
      } catch (error) {
        report(this.#onError, error);
      }
    }
  }

  /** Events up to here were appended; whoever did it will commit them, or not. */
  follow(position: Position): void {
    const until = systemClock.monotonic() + FOLLOW_MS;
    this.#followed = { position, until };
    this.#lookSoon(FIRST_PAUSE_MS);
  }

  /** A reader has found that events are held back. */
  heldBack(safe: Position): void {
    this.#safe ??= safe;
    if (this.#timer === undefined) this.#lookSoon(FIRST_PAUSE_MS);
  }

  #lookSoon(pause: number): void {
    if (this.#listeners.size === 0) return;
    clearTimeout(this.#timer);
    this.#pause = pause;
    this.#timer = setTimeout(() => this.#look(), pause);
    this.#timer.unref();
  }

  async #look(): Promise<void> {
    const timer = this.#timer;
    try {
      const { safe, isBlocked } = await this.#refresh();
      this.#failure = "";
      const isFurther = this.#safe === undefined || safe > this.#safe;
      this.#safe = safe;
      if (isFurther) this.wake();
      // It was stopped, or somebody asked for an earlier look.
      if (this.#timer !== timer) return;
      const followed = this.#followed;
      const isDue = followed !== undefined && followed.position > safe &&
        systemClock.monotonic() < followed.until;
      if (!isDue) this.#followed = undefined;
      if (isBlocked || isDue) {
        this.#lookSoon(
          isFurther
            ? FIRST_PAUSE_MS
            : Math.min(this.#pause * 1.5, LAST_PAUSE_MS),
        );
      } else this.#stop();
    } catch (error) {
      // Handlers poll as well, and come back here when it is over.
      this.#stop();
      const failure = String(error);
      if (failure !== this.#failure) report(this.#onError, error);
      this.#failure = failure;
    }
  }

  #stop(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#safe = undefined;
    this.#followed = undefined;
  }
}
