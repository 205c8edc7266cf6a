import { clearTimeout, setTimeout } from "node:timers";
import { systemClock } from "../../core/clock.ts";
import type { ErrorCallback } from "../../core/provider.ts";
import type { SafeEnd } from "./postgres_horizon.ts";
import { AppendListeners } from "../append_listeners.ts";
import { report } from "../report.ts";
import type { Position } from "./postgres_rows.ts";

/** How soon events are looked for that are there but not final. */
const FIRST_PAUSE_MS = 5;
/** How soon an append of another process is noticed. */
const LAST_PAUSE_MS = 50;
/** The same where notifications tell of it, all but those of other writers. */
const LISTENING_PAUSE_MS = 1000;
/** How long the commit of somebody else's transaction is waited for. */
const FOLLOW_MS = 5000;

/** Tells other processes of appends, and is told of theirs. */
export type Notifications = {
  /** Events of this provider are new. */
  announce(): void;
  /** Calls `changed` when those of another one may be. */
  listen(changed: () => void): {
    /** Whether it is told of all of them. */
    readonly isListening: boolean;
    /** Calls back no more. */
    end(): void;
  };
};

/**
 * Tells listeners that events may be new: at once after an append of this
 * provider, otherwise as soon as the log is found to be final further than
 * before. One look serves all listeners; there are looks only while somebody
 * listens, and they keep no process alive.
 */
export class AppendWatcher {
  #refresh: () => Promise<SafeEnd>;
  #onError: ErrorCallback;
  #notifications: Notifications | undefined;
  #listeners: AppendListeners;
  #listening: ReturnType<Notifications["listen"]> | undefined;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #lookAt = 0;
  #pause = FIRST_PAUSE_MS;
  #isLooking = false;
  #wish = Infinity;
  #safe: Position | undefined;
  #followed: { position: Position; until: number } | undefined;
  #failure = "";

  /**
   * @param refresh Looks how far the log is final.
   * @param onError Learns of failures to look, each once until it is over.
   * @param notifications The way to other processes, if there is one.
   */
  constructor(
    refresh: () => Promise<SafeEnd>,
    onError: ErrorCallback,
    notifications?: Notifications,
  ) {
    this.#refresh = refresh;
    this.#onError = onError;
    this.#listeners = new AppendListeners(onError);
    this.#notifications = notifications;
  }

  /** Calls `listener` after appends. @returns A function that ends it. */
  watch(listener: () => void): () => void {
    const remove = this.#listeners.add(listener);
    if (this.#listeners.size === 1) {
      this.#listening = this.#notifications?.listen(() => this.#lookSoon(0));
      this.#lookSoon(LAST_PAUSE_MS);
    }
    return () => {
      if (!remove() || this.#listeners.size > 0) return;
      this.#listening?.end();
      this.#listening = undefined;
      this.#safe = undefined;
      if (!this.#isNeeded()) this.#stop();
    };
  }

  /** Events up to here were appended by this provider, and are committed. */
  appended(position: Position): void {
    // A look need not wake anybody for it again: who cannot read so far yet
    // will say that events are held back.
    if (this.#safe !== undefined && position > this.#safe) {
      this.#safe = position;
    }
    this.#listeners.wake();
    this.#notifications?.announce();
  }

  /** Events up to here were appended; whoever did it will commit them, or not. */
  follow(position: Position): void {
    const { position: last = position } = this.#followed ?? {};
    this.#followed = {
      position: position > last ? position : last,
      until: systemClock.monotonic() + FOLLOW_MS,
    };
    this.#lookSoon(FIRST_PAUSE_MS);
  }

  /** A reader has found that events beyond here are held back. */
  heldBack(safe: Position): void {
    if (this.#safe !== undefined && safe < this.#safe) this.#safe = safe;
    this.#lookSoon(FIRST_PAUSE_MS);
  }

  #isNeeded(): boolean {
    // Others wait for what a transaction has appended, even if nobody here does.
    return this.#listeners.size > 0 ||
      (this.#notifications !== undefined && this.#followed !== undefined);
  }

  /** Looks after this pause, or earlier if that is due already. */
  #lookSoon(pause: number): void {
    if (!this.#isNeeded()) return;
    if (this.#isLooking) {
      this.#wish = Math.min(this.#wish, pause);
      return;
    }
    const at = systemClock.monotonic() + pause;
    if (this.#timer !== undefined && this.#lookAt <= at) return;
    clearTimeout(this.#timer);
    this.#lookAt = at;
    this.#pause = pause;
    this.#timer = setTimeout(() => this.#look(), pause);
    this.#timer.unref();
  }

  async #look(): Promise<void> {
    this.#timer = undefined;
    this.#isLooking = true;
    this.#wish = Infinity;
    let pause: number;
    try {
      pause = this.#take(await this.#refresh());
      this.#failure = "";
    } catch (error) {
      this.#tell(error);
      pause = Math.min(Math.max(this.#pause, LAST_PAUSE_MS) * 2, 1000);
    }
    this.#isLooking = false;
    this.#lookSoon(Math.min(pause, this.#wish));
  }

  /** @returns When to look again. */
  #take({ safe, isBlocked }: SafeEnd): number {
    const before = this.#safe;
    this.#safe = this.#isNeeded() ? safe : undefined;
    // Not only further: after TRUNCATE or a restore the log begins anew.
    const isChanged = safe !== before;
    if (isChanged) this.#listeners.wake();
    if (this.#followed && isChanged) {
      const isThere = this.#followed.position <= safe;
      // At the first look nobody knows whether it is further.
      if (isThere || before !== undefined) this.#notifications?.announce();
    }
    const isDue = this.#followed !== undefined &&
      this.#followed.position > safe &&
      systemClock.monotonic() < this.#followed.until;
    if (!isDue) this.#followed = undefined;
    if (isBlocked || isDue) {
      return isChanged
        ? FIRST_PAUSE_MS
        : Math.min(Math.max(this.#pause, FIRST_PAUSE_MS) * 1.5, LAST_PAUSE_MS);
    }
    return this.#listening?.isListening ? LISTENING_PAUSE_MS : LAST_PAUSE_MS;
  }

  #tell(error: unknown): void {
    // Nobody listens any more, and the client may be closed for that.
    if (this.#listeners.size === 0) return;
    const failure = String(error);
    if (failure !== this.#failure) report(this.#onError, error);
    this.#failure = failure;
  }

  #stop(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#followed = undefined;
  }
}
