import type { Clock } from "./clock.ts";
import type { StoredRecord } from "./records.ts";

/** How long a process must have stood still to count as dead. */
const DEAD_MS = 5000;
/** After a longer pause between two looks nothing that stood still is proof. */
const BLIND_MS = 3000;
/** How long the record of a dead process is kept. */
const FORGET_MS = 60_000;

type Member = {
  revision: number;
  seenAt: number;
  process: string;
  wants: string[];
  shares: Record<string, number>;
};

/**
 * The processes as this one sees them. One is dead when its revision has stood
 * still for long enough, measured here: nobody's clock is compared with
 * another's.
 */
export class ObservedMembers {
  #clock: Clock;
  #members: Map<string, Member> = new Map();
  #lookedAt = -Infinity;

  /** @param clock Measures how long they stand still. */
  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /**
   * Takes in what a look has shown.
   *
   * @param records The record of each process.
   * @param sentAt When the look began, on the monotonic clock.
   */
  observe(records: Map<string, StoredRecord>, sentAt: number): void {
    const now = this.#clock.monotonic();
    const wasBlind = sentAt - this.#lookedAt > BLIND_MS;
    for (const [id, { revision, value }] of records) {
      const known = this.#members.get(id);
      if (known?.revision === revision && !wasBlind) continue;
      const { process, wants = [], shares = {} } = value;
      this.#members.set(id, { revision, seenAt: now, process, wants, shares });
    }
    for (const id of this.#members.keys()) {
      if (!records.has(id)) this.#members.delete(id);
    }
    this.#lookedAt = sentAt;
  }

  /** Those that do not count as dead. */
  alive(sentAt: number): string[] {
    return [...this.#members]
      .filter(([, { seenAt }]) => sentAt - seenAt < DEAD_MS)
      .map(([id]) => id);
  }

  /** Which bookmarks one of them asks the others to give way for. */
  wishesOf(id: string): string[] {
    return this.#members.get(id)?.wants ?? [];
  }

  /** Which handlers one of them shares, and into how many shards. */
  sharesOf(id: string): Record<string, number> {
    return this.#members.get(id)?.shares ?? {};
  }

  /** Those whose record nobody needs any more. */
  longDead(sentAt: number): { id: string; revision: number }[] {
    return [...this.#members]
      .filter(([, { seenAt }]) => sentAt - seenAt >= FORGET_MS)
      .map(([id, { revision }]) => ({ id, revision }));
  }

  /** What a person calls a process. */
  processOf(id: string): string {
    return this.#members.get(id)?.process ?? "";
  }

  /** Forgets everything that was seen. */
  clear(): void {
    this.#members.clear();
  }
}
