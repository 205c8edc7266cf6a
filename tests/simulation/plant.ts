import type { Clock } from "../../core/clock.ts";
import type { StoreEvent } from "../../core/event.ts";
import type { DatabaseClient } from "./database.ts";
import type { Faults } from "./scenario.ts";
import type { Transaction } from "./store.ts";

/** What an application does with an event, or with several at once. */
export type Handle = (
  events: StoreEvent<any>[],
  tx: Transaction | undefined,
) => Promise<void>;

/**
 * A fault that is built in on purpose, to see that the simulation finds it.
 * None of them changes a file of the library: each stands between it and what
 * it relies on, or replaces a method for the time of the simulation.
 */
export type Plant = {
  /** What has to go wrong for it to show, beside what was drawn. */
  faults?: Partial<Faults>;
  /** Whether a bookmark is stored whatever it was before. */
  bookmarksWithoutComparing?: boolean;
  /** Whether a record is stored whatever its revision was before. */
  recordsWithoutComparing?: boolean;
  client?: (client: DatabaseClient) => DatabaseClient;
  clock?: (clock: Clock) => Clock;
  callback?: (handle: Handle) => Handle;
  /** Replaces a method; what it returns puts it back. */
  replace?: () => () => void;
};
