import type { Contender } from "./contender.ts";

/** Contenders that are compared with each other: one driver on one server. */
export type Suite = {
  /** What it is called in the table. */
  name: string;
  /**
   * Makes their tables; the first one is the reference.
   *
   * @param only The places of those to make; all of them otherwise.
   */
  open(only?: string[]): Promise<Contender[]>;
};
