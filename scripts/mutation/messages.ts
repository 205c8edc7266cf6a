/** What the worker is asked, in the file that it is started with. */
export type Job = {
  /** The test files that it imports. */
  testFiles: string[];
  /** Set before anything is imported, for what runs only then. */
  activeAtImport?: string;
  /** Without them it measures what each test covers. */
  mutants?: MutantJob[];
};

export type MutantJob = {
  id: string;
  /** The tests that reach it, the quickest first. */
  tests: PlannedTest[];
  /** A test that did not end among others, to be tried alone before. */
  suspect?: number;
  /** After how many evaluations it must be an endless loop. */
  hitLimit: number;
};

/** A test by its place among those registered. */
export type PlannedTest = { test: number; ms: number };

export type TestMeasure = {
  test: number;
  name: string;
  ms: number;
  /** Whether it runs beside others of its group. */
  inGroup: boolean;
  /** How often it reached which mutant. */
  hits: Record<string, number>;
  /** Why it cannot be used: it fails, or fails when it runs again. */
  unusable?: string;
};

export type Outcome = "killed" | "timeout" | "survived" | "uncovered";

/** What the worker says, one line each. */
export type Message =
  | { measured: TestMeasure }
  | { atImport: string[] }
  /** The process may be silent for that long. */
  | { patience: number }
  | { id: string; outcome: Outcome; by?: string; why?: string }
  /** It did not end among others; the process cannot go on. */
  | { id: string; suspect: number }
  /** The process is no longer clean; the mutant is to be tried again. */
  | { again: string };

/** Marks the lines of the worker among what tests print. */
export const mark = "\u0001";
