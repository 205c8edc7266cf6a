export type Source = "environment" | "running" | "compose" | "package";

export interface Choice {
  /** An address in the environment. */
  readonly address: string | undefined;
  /** Whether a server that we started earlier still runs. */
  readonly runs: boolean;
  /** Whether a Docker engine answers; asked last, as asking takes a while. */
  readonly composeAnswers: () => Promise<boolean>;
}

/** Where a database is taken from. */
export async function chooseSource(choice: Choice): Promise<Source> {
  if (choice.address !== undefined && choice.address !== "") {
    return "environment";
  }
  if (choice.runs) return "running";
  return await choice.composeAnswers() ? "compose" : "package";
}
