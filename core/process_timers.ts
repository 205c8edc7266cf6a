import type { Clock } from "./clock.ts";
import { digest } from "./digest.ts";
import type { SetTimer } from "./process_history.ts";
import type { Records, StoredRecord } from "./records.ts";
import { MAX_NAME_BYTES } from "./validation.ts";

/** No timer is due later. */
const LAST_MS = Number.MAX_SAFE_INTEGER;
/** How many due timers are read at a time. */
const PAGE_SIZE = 100;
/** The shortest time between two looks at the timers. */
const LOOK_MS = 1000;
/** Somebody else may have set an earlier one: look again after that. */
const TRUST_MS = 10_000;
/** The most that a status counts. */
const MOST_COUNTED = 1000;
/** How long a timer waits that failed: at first, and at most. */
const FIRST_RETRY_MS = 1000;
const LAST_RETRY_MS = 60_000;

/** A timer of a process that is due. */
export type DueTimer = SetTimer & { id: string };

/** What a reaction to a timer did that failed. */
type Failure = { tries: number; notBefore: number };

/**
 * The timers of a process manager, as records that are due. Each is derived
 * from the process's own events, so one that is lost can be made again, and one
 * that is left over is told by them.
 */
export class ProcessTimers {
  #records: Records;
  #kind: string;
  #clock: Clock;
  #failures: Map<string, Failure> = new Map();
  /** When the earliest known timer is due; undefined before it was looked. */
  #next: number | undefined;
  #lookedAt = -Infinity;

  /** @param name The name of the process manager. */
  constructor(records: Records, name: string, clock: Clock) {
    this.#records = records;
    this.#kind = short(`process-timer:${name}`);
    this.#clock = clock;
  }

  /** Makes the record of a timer that is set, unless there is one. */
  async set(id: string, timer: SetTimer): Promise<void> {
    const { name, at, version } = timer;
    const value = { id, name, at, version };
    const options = { revision: 0, due: at };
    await this.#records.put(this.#kind, keyOf(id, timer), value, options);
    if (this.#next !== undefined) this.#next = Math.min(this.#next, at);
  }

  /** Takes the record of a timer away, if there is one. */
  async remove(id: string, timer: SetTimer): Promise<void> {
    await this.#records.remove(this.#kind, keyOf(id, timer));
  }

  /** Looks at the timers next time, whatever is known of them. */
  forget(): void {
    this.#next = undefined;
    this.#lookedAt = -Infinity;
    this.#failures.clear();
  }

  /**
   * Fires what is due; one that fails is tried again later and holds up no
   * other.
   *
   * @param fire Does what there is to do, after which the timer is removed.
   * @param failed Told of each that failed.
   * @param enough Whether to begin no further one.
   * @returns How many fired.
   */
  async fireDue(
    fire: (timer: DueTimer) => Promise<void>,
    failed: (error: unknown, timer: DueTimer) => void,
    enough: () => boolean,
  ): Promise<number> {
    const now = this.#clock.now();
    if (!this.#isTimeToLook(now)) return 0;
    this.#next = Infinity;
    const tried = new Set<string>();
    let fired = 0;
    let next: number | undefined;
    try {
      while (next === undefined) {
        // Those that failed stand in front of the others.
        const limit = tried.size - fired + PAGE_SIZE;
        const found = await this.#records.due(this.#kind, LAST_MS, { limit });
        for (const record of found) {
          if (tried.has(record.key)) continue;
          if (record.due! > now) {
            next = record.due!;
            break;
          }
          if (enough()) return fired;
          tried.add(record.key);
          if (await this.#fire(record, fire, failed)) fired++;
        }
        if (found.length < limit) next ??= Infinity;
      }
      return fired;
    } finally {
      // Also one counts that was set while others fired.
      this.#next = next === undefined
        ? undefined
        : Math.min(next, this.#next ?? Infinity);
    }
  }

  /** For a status. */
  async read(): Promise<{ next?: Date; overdue: number }> {
    const [first] = await this.#records.due(this.#kind, LAST_MS, { limit: 1 });
    if (!first) return { overdue: 0 };
    const due = await this.#records.due(this.#kind, this.#clock.now(), {
      limit: MOST_COUNTED,
    });
    return { next: new Date(first.due!), overdue: due.length };
  }

  async #fire(
    { key, value }: StoredRecord,
    fire: (timer: DueTimer) => Promise<void>,
    failed: (error: unknown, timer: DueTimer) => void,
  ): Promise<boolean> {
    const failure = this.#failures.get(key);
    if (failure && this.#clock.monotonic() < failure.notBefore) return false;
    try {
      await fire(value);
      this.#failures.delete(key);
      await this.#records.remove(this.#kind, key);
      return true;
    } catch (error) {
      const tries = (failure?.tries ?? 0) + 1;
      const pause = Math.min(FIRST_RETRY_MS * 2 ** (tries - 1), LAST_RETRY_MS);
      const notBefore = this.#clock.monotonic() + pause;
      this.#failures.set(key, { tries, notBefore });
      failed(error, value);
      return false;
    }
  }

  #isTimeToLook(now: number): boolean {
    const since = this.#clock.monotonic() - this.#lookedAt;
    const isDue = this.#next === undefined || this.#next <= now ||
      this.#failures.size > 0;
    if (since < LOOK_MS || (!isDue && since < TRUST_MS)) return false;
    this.#lookedAt = this.#clock.monotonic();
    return true;
  }
}

function keyOf(id: string, { name, version }: SetTimer): string {
  return short(
    `${encodeURIComponent(id)}/${encodeURIComponent(name)}@${version}`,
  );
}

/** The text, or what stands for one that is too long for a name. */
export function short(text: string): string {
  // A UTF-16 unit takes three bytes at most.
  return text.length * 3 <= MAX_NAME_BYTES ? text : digest(text);
}
