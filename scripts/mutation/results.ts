import { existsSync, readFileSync, writeFileSync } from "node:fs";
import type { Outcome } from "./messages.ts";
import type { Mutant, MutatedCopy } from "./mutants.ts";

/** What became of a mutant. */
export type Result = Omit<Mutant, "id" | "key"> & {
  outcome: Outcome;
  /** The test that noticed. */
  by?: string;
  why?: string;
  /** The tests that it was tried with, and how far. */
  testsDigest: string;
  round: number;
};

const SAVE_MS = 10_000;

type FileResults = { digest: string; mutants: Record<string, Result> };

/** What is known of each mutant, kept in a file so that a run can go on. */
export class Results {
  #savedAt = 0;
  #path: string;
  #copy: MutatedCopy;
  #byFile: Record<string, FileResults>;

  constructor(path: string, copy: MutatedCopy) {
    this.#path = path;
    this.#copy = copy;
    this.#byFile = existsSync(path)
      ? JSON.parse(readFileSync(path, "utf8"))
      : {};
    for (const [file, digest] of copy.digests) {
      if (this.#byFile[file]?.digest === digest) continue;
      this.#byFile[file] = { digest, mutants: {} };
    }
  }

  /** Whether it was killed, or no test has changed since it was tried so far. */
  isKnown(mutant: Mutant, round: number): boolean {
    const known = this.#byFile[mutant.file]!.mutants[mutant.key];
    if (known === undefined || this.#isKilled(known)) {
      return known !== undefined;
    }
    return known.testsDigest === this.#copy.testsDigest && known.round >= round;
  }

  /** Whether it was tried before, with other tests. */
  tries({ file, key }: Mutant): number {
    return this.#byFile[file]!.mutants[key] === undefined ? 0 : 1;
  }

  /** @param round By which of the sets of tests. */
  add(
    { id: _, key, ...mutant }: Mutant,
    result: Pick<Result, "outcome" | "by" | "why">,
    round: number,
  ): void {
    const { mutants } = this.#byFile[mutant.file]!;
    const { testsDigest } = this.#copy;
    const wasReached = round > 0 && mutants[key]?.outcome === "survived";
    const outcome = wasReached && result.outcome === "uncovered"
      ? "survived"
      : result.outcome;
    mutants[key] = { ...mutant, ...result, outcome, testsDigest, round };
    if (performance.now() - this.#savedAt > SAVE_MS) this.save();
  }

  save(): void {
    this.#savedAt = performance.now();
    writeFileSync(this.#path, JSON.stringify(this.#byFile, undefined, 1));
  }

  #isKilled({ outcome }: Result): boolean {
    return outcome === "killed" || outcome === "timeout";
  }

  of(file: string): Result[] {
    return Object.values(this.#byFile[file]?.mutants ?? {});
  }
}
