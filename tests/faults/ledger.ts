import type { StoreEvent } from "evtstore";
import { lineOf, type Written } from "./log.ts";

/** What a writer was told of a commit. */
export type Answer =
  /** It is stored. */
  | "acknowledged"
  /** It is not stored, and will not be. */
  | "refused"
  /** Nobody can tell. */
  | "unknown";

/** What became of all commits. */
export type LedgerCounts = {
  /** Commits that were acknowledged, and are there. */
  acknowledged: number;
  /** Commits that were refused, and are not. */
  refused: number;
  /** Commits of an unknown outcome, and how many of them are there. */
  unknown: number;
  unknownStored: number;
  /** How many were refused because somebody else was faster. */
  races: number;
  /** The codes of the errors, and how often each was thrown. */
  codes: Record<string, number>;
};

/** Keeps what writers were told, and compares it with what is there. */
export class Ledger {
  /** Commits that were lost to somebody else. */
  races = 0;
  /** The codes of all errors. */
  readonly codes: Record<string, number> = {};
  /** What should never have happened, as it happened. */
  readonly violations: string[] = [];
  #answers = new Map<string, Answer>();
  #events = 0;

  /** How many events were acknowledged. */
  get events(): number {
    return this.#events;
  }

  /** Notes an answer; what was in doubt once is so until it is acknowledged. */
  note(commit: string, answer: Answer, events = 0): void {
    const isInDoubt = this.#answers.get(commit) === "unknown";
    if (isInDoubt && answer === "refused") return;
    this.#answers.set(commit, answer);
    if (answer === "acknowledged") this.#events += events;
  }

  /** Notes an error. */
  count(code: string): void {
    this.codes[code] = (this.codes[code] ?? 0) + 1;
  }

  /**
   * Compares the answers with the log.
   *
   * @throws {Error} If a commit that was acknowledged is missing, one that was
   * refused is there, one is there twice, or one that nobody wrote.
   */
  check(log: StoreEvent<Written>[]): LedgerCounts {
    const problems = [...this.violations];
    const stored = new Set<string>();
    for (const one of log) {
      const { commit, part } = one.event;
      if (part !== 1) continue;
      if (stored.has(commit)) {
        problems.push(`${commit} is stored twice, again at ${lineOf(one)}`);
      }
      if (!this.#answers.has(commit)) {
        problems.push(`${commit} is stored, and nobody was told`);
      }
      stored.add(commit);
    }
    const counts = { acknowledged: 0, refused: 0, unknown: 0 };
    let unknownStored = 0;
    for (const [commit, answer] of this.#answers) {
      counts[answer]++;
      const isStored = stored.has(commit);
      if (answer === "acknowledged" && !isStored) {
        problems.push(`${commit} was acknowledged and is lost`);
      }
      if (answer === "refused" && isStored) {
        problems.push(`${commit} was refused and is stored`);
      }
      if (answer === "unknown" && isStored) unknownStored++;
    }
    if (problems.length > 0) {
      throw new Error(
        `${problems.length} answers were not true:\n${
          problems.slice(0, 10).join("\n")
        }`,
      );
    }
    const { races, codes } = this;
    return { ...counts, unknownStored, races, codes };
  }
}
