export type Via = "environment" | "compose" | "package";

export interface RunningDatabase {
  readonly name: string;
  readonly environmentVariable: string;
  readonly status: "running";
  readonly url: string;
  /** It was started by this call, and did not run before. */
  readonly startedByUs: boolean;
  readonly via: Via;
}

export interface MissingDatabase {
  readonly name: string;
  readonly environmentVariable: string;
  readonly status: "missing";
  readonly reason: string;
}

export type StartedDatabase = RunningDatabase | MissingDatabase;

/** One for each database that was asked for, in the order of `databases()`. */
export type StartedDatabases = readonly StartedDatabase[];
