import { type Clock, systemClock } from "../../core/clock.ts";

/** How far the log is final. */
export type MysqlHorizon = {
  /** Every event up to here is visible, and none will come any more. */
  safe: number;
  /** Whether events beyond it are visible already. */
  isBlocked: boolean;
};

/** One look at the log. */
export type Look = {
  /** The newest position that is visible. */
  newest: number;
  /** Whether every position between the safe one and the newest is visible. */
  isDense: boolean;
  /** Asked after both: who writes, or whether all who wrote have ended. */
  writers: readonly string[] | boolean;
};

/** Looks at the log, beginning behind the safe position. */
export type LookAt = (safe: number) => Promise<Look>;

/** A writer that was seen: nothing that it draws is at or before `after`. */
type Writer = { after: number; since: number };

/**
 * Tells how far the log is final, for all handlers of a provider. A writer is
 * seen from before it draws a position until its rows are visible, so whoever
 * was not there at the last look draws beyond what was newest then.
 */
export class MysqlHorizonTracker {
  #lookAt: LookAt;
  #clock: Clock;
  #safe = 0;
  #previous = -1;
  #writers = new Map<string, Writer>();
  #running: Promise<MysqlHorizon> | undefined;
  #next: Promise<MysqlHorizon> | undefined;
  #advancedAt: number;

  /** @param lookAt Looks at the log. */
  constructor(lookAt: LookAt, clock: Clock = systemClock) {
    this.#lookAt = lookAt;
    this.#clock = clock;
    this.#advancedAt = clock.monotonic();
  }

  /** How long a writer was seen at work, in milliseconds. */
  ageOf(writer: string): number | undefined {
    const seen = this.#writers.get(writer);
    return seen && this.#clock.monotonic() - seen.since;
  }

  /** For how long readers have been held back, in milliseconds. */
  get heldMs(): number {
    return this.#clock.monotonic() - this.#advancedAt;
  }

  /**
   * Looks again. One look serves everybody who asks before it begins; looks
   * come one after the other, as each builds on the one before.
   */
  refresh(): Promise<MysqlHorizon> {
    if (!this.#running) return this.#run();
    // What is running may have looked before the caller's last append.
    this.#next ??= this.#running.then(() => this.#run(), () => this.#run());
    return this.#next;
  }

  #run(): Promise<MysqlHorizon> {
    this.#next = undefined;
    const running = this.#refresh().finally(() => {
      if (this.#running === running) this.#running = undefined;
    });
    this.#running = running;
    return running;
  }

  async #refresh(): Promise<MysqlHorizon> {
    let look: Look;
    try {
      look = await this.#lookAt(this.#safe);
      // TRUNCATE, a restore, another server: what was known holds no more.
      if (look.newest < this.#safe) {
        this.#reset();
        look = await this.#lookAt(this.#safe);
      }
    } catch (error) {
      // The server may have been started again, and give its keys again.
      this.#reset();
      throw error;
    }
    const safe = this.#advance(look);
    const isBlocked = safe < look.newest;
    if (!isBlocked || safe > this.#safe) {
      this.#advancedAt = this.#clock.monotonic();
    }
    this.#safe = safe;
    return { safe, isBlocked };
  }

  #advance({ newest, isDense, writers }: Look): number {
    if (!isDense && writers === false) return this.#safe;
    const seen = new Map<string, Writer>();
    let safe = newest;
    // Behind a dense log whoever is at work draws beyond the newest.
    for (const key of isDense || writers === true ? [] : writers || []) {
      const writer = this.#writers.get(key) ??
        { after: this.#previous, since: this.#clock.monotonic() };
      seen.set(key, writer);
      safe = Math.min(safe, writer.after);
    }
    this.#writers = seen;
    this.#previous = newest;
    return Math.max(this.#safe, safe);
  }

  #reset(): void {
    this.#safe = 0;
    this.#previous = -1;
    this.#writers.clear();
  }
}
