import { existsSync, readFileSync, writeFileSync } from "node:fs";
import type { Outcome } from "./messages.ts";
import type { Mutant, MutatedCopy } from "./mutants.ts";

/** What became of a mutant. */
export type Result = Omit<Mutant, "id" | "key"> & {
  outcome: Outcome;
  /** The test that noticed. */
  by?: string;
  why?: string;
  /** The tests that it was tried with. */
  testsDigest: string;
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

  /** Whether it was killed, or no test has changed since it was tried. */
  isKnown({ file, key }: Mutant): boolean {
    const known = this.#byFile[file]!.mutants[key];
    if (known === undefined) return false;
    return known.outcome === "killed" || known.outcome === "timeout" ||
      known.testsDigest === this.#copy.testsDigest;
  }

  add(
    { id: _, key, ...mutant }: Mutant,
    result: Pick<Result, "outcome" | "by" | "why">,
  ): void {
    const { testsDigest } = this.#copy;
    this.#byFile[mutant.file]!.mutants[key] = {
      ...mutant,
      ...result,
      testsDigest,
    };
    if (performance.now() - this.#savedAt > SAVE_MS) this.save();
  }

  save(): void {
    this.#savedAt = performance.now();
    writeFileSync(this.#path, JSON.stringify(this.#byFile, undefined, 1));
  }

  of(file: string): Result[] {
    return Object.values(this.#byFile[file]?.mutants ?? {});
  }
}
