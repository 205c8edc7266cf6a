import { StoreError } from "../../core/errors.ts";
import { type Clock, systemClock } from "../../core/clock.ts";
import type { PostgresRow } from "./postgres_executor.ts";

import { type Position, toPosition } from "./postgres_rows.ts";

/** How far the log is final. */
export type SafeEnd = {
  /** Every event up to here is visible, and none will come any more. */
  safe: Position;
  /** Whether events beyond it are visible already. */
  isBlocked: boolean;
};

/** One look at the database: a row of `selectHorizon`. */
type Look = {
  newest: Position;
  started: string;
  writers: string[] | undefined;
};

/** What a {@linkcode HorizonTracker} asks of the database. */
export type HorizonSource = {
  /** `selectHorizon`, with the safe position. */
  look(safe: Position): Promise<PostgresRow>;
  /** Throws if positions cannot be ordered at all. */
  check(): Promise<void>;
  /** Whether statements may run inside a transaction of the application. */
  isShared(): Promise<boolean>;
};

/** A writer that was seen: nothing that it draws is at or before `after`. */
type Writer = { after: Position; since: number };

/**
 * Tells how far the log is final, from the locks of those who write. A writer
 * holds its lock from before it draws a position until its rows are visible, so
 * whoever was not there at the last look draws beyond what was newest then.
 */
export class HorizonTracker {
  #source: HorizonSource;
  #clock: Clock;
  #safe: Position = 0;
  #previous: Position = -1;
  #writers = new Map<string, Writer>();
  #started: string | undefined;
  #running: Promise<SafeEnd> | undefined;
  #next: Promise<SafeEnd> | undefined;
  #heldSince: number | undefined;

  /** @param source The database. */
  constructor(source: HorizonSource, clock: Clock = systemClock) {
    this.#source = source;
    this.#clock = clock;
  }

  /** How long a writer was seen at work, in milliseconds. */
  ageOf(writer: string): number | undefined {
    const seen = this.#writers.get(writer);
    return seen && this.#clock.monotonic() - seen.since;
  }

  /** For how long readers have been held back, in milliseconds. */
  get heldMs(): number {
    return this.#heldSince === undefined
      ? 0
      : this.#clock.monotonic() - this.#heldSince;
  }

  /**
   * Looks again. One look serves everybody who asks before it begins; looks
   * come one after the other, as each builds on the one before.
   */
  refresh(): Promise<SafeEnd> {
    if (!this.#running) return this.#run();
    // What is running may have looked before the caller's last append.
    this.#next ??= this.#running.then(() => this.#run(), () => this.#run());
    return this.#next;
  }

  #run(): Promise<SafeEnd> {
    this.#next = undefined;
    const running = this.#refresh().finally(() => {
      if (this.#running === running) this.#running = undefined;
    });
    this.#running = running;
    return running;
  }

  async #refresh(): Promise<SafeEnd> {
    let look = await this.#look();
    const isRestarted = look.started !== this.#started;
    // TRUNCATE RESTART IDENTITY, a restore, another server: what was known
    // holds no more, and the keys of writers may be given again.
    if (isRestarted || look.newest < this.#safe) {
      await this.#source.check();
      this.#reset();
      look = await this.#look();
      this.#started = look.started;
    }
    const safe = this.#advance(look);
    const isBlocked = safe < look.newest;
    if (!isBlocked || safe > this.#safe) this.#heldSince = undefined;
    else this.#heldSince ??= this.#clock.monotonic();
    this.#safe = safe;
    return { safe, isBlocked };
  }

  #advance({ newest, writers }: Look): Position {
    const seen = new Map<string, Writer>();
    let safe = newest;
    for (const key of writers ?? []) {
      // A prepared transaction has a new key after a restart of the server, so
      // nothing is known of what it drew.
      const writer = this.#writers.get(key) ?? {
        after: key.startsWith("-1/") ? -1 : this.#previous,
        since: this.#clock.monotonic(),
      };
      seen.set(key, writer);
      if (writer.after < safe) safe = writer.after;
    }
    this.#writers = seen;
    this.#previous = newest;
    return safe > this.#safe ? safe : this.#safe;
  }

  #reset(): void {
    this.#safe = 0;
    this.#previous = -1;
    this.#writers.clear();
  }

  async #look(): Promise<Look> {
    const [newest, isStandby, started, isolation, writers] = await this.#source
      .look(this.#safe);
    if (Number(isStandby) === 1) {
      throw new StoreError(
        "NOT_SUPPORTED",
        'Cannot read events in their order on a standby, which shows no writers: read from the primary, or create all providers with ordering: "serialized"',
      );
    }
    if (
      isolation !== "read committed" && await this.#source.isShared()
    ) {
      throw new StoreError(
        "TRANSACTION_FOREIGN",
        `Cannot read events in their order inside a transaction of isolation level ${isolation}, which sees an old state: use a Pool, or READ COMMITTED`,
      );
    }
    return {
      newest: toPosition(newest),
      started: String(started),
      writers: writers === null
        ? undefined
        : String(writers).split(",").filter(Boolean),
    };
  }
}
