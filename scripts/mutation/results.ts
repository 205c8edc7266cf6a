import { existsSync, readFileSync, writeFileSync } from "node:fs";
import type { Outcome } from "./messages.ts";
import type { Mutant, MutatedCopy } from "./mutants.ts";

/** What became of a mutant. */
export type Result = Omit<Mutant, "id" | "key"> & {
  outcome: Outcome;
  /** The test that noticed. */
  by?: string;
  why?: string;
  /** What the texts were of the tests that it was tried with. */
  tried: string[];
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

  /** Whether it was killed, or was tried with these tests. */
  isKnown({ file, key }: Mutant, round: number): boolean {
    const known = this.#byFile[file]!.mutants[key];
    return known !== undefined && (this.#isKilled(known) ||
      known.tried[round] === this.#copy.testDigests[round]);
  }

  /** Whether nothing is known of it. */
  isNew({ file, key }: Mutant): boolean {
    return this.#byFile[file]!.mutants[key] === undefined;
  }

  /** @param round With which of the sets of tests. */
  add(
    { id: _, key, ...mutant }: Mutant,
    result: Pick<Result, "outcome" | "by" | "why">,
    round: number,
  ): void {
    const { mutants } = this.#byFile[mutant.file]!;
    const before = mutants[key];
    const tried = [...before?.tried ?? []];
    tried[round] = this.#copy.testDigests[round]!;
    const { outcome } = result.outcome === "uncovered" && before
      ? before
      : result;
    mutants[key] = { ...mutant, ...result, outcome, tried };
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
