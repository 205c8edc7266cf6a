import type { Clock } from "../../core/clock.ts";
import type { Neo4jTransaction } from "./client.ts";
import { foreignWriter, notMigrated } from "./errors.ts";
import type { EventStatements } from "./statements.ts";
import { holderOf, type Neo4jStore, type Row } from "./store.ts";
import { toNumber } from "./values.ts";

/** How long a position may be missing before it is taken for deleted. */
const GAP_MS = 1000;
/** How long the writers at work are waited for. */
const SETTLE_MS = 10_000;

/** What the counter says, and how many events there are. */
export type Head = {
  /** How many events the log has. */
  total: number;
  /** The last position that was drawn. */
  position: number;
  /** Where the last commit begins: all up to here is complete. */
  before: number;
};

/**
 * The end of the log. The number of events is compared with the counter, so
 * that a writer that does not count is found.
 */
export class LogHead {
  #store: Neo4jStore;
  #statements: () => Promise<EventStatements>;
  #clock: Clock;
  /** The first position: those before it were deleted. */
  #first = 1;
  /** Where a position is missing, and since when. */
  #gap: { after: number; since: number } | undefined;

  /** @param statements The queries for the server. */
  constructor(
    store: Neo4jStore,
    statements: () => Promise<EventStatements>,
    clock: Clock,
  ) {
    this.#store = store;
    this.#statements = statements;
    this.#clock = clock;
  }

  /** How long a position has been missing, in milliseconds, if one is. */
  get gapMs(): number | undefined {
    return this.#gap && this.#clock.monotonic() - this.#gap.since;
  }

  /** @throws {StoreError} `FOREIGN_WRITER` if there are more events than counted. */
  async read(what: string): Promise<Head> {
    const { head } = await this.#statements();
    const ask = { what, canRepeat: true };
    const found = toHead((await this.#store.run(ask, head))[0], what);
    if (found.total === this.#expected(found)) return found;
    this.#first = await this.#readFirst(what, undefined) ?? found.position + 1;
    if (found.total <= this.#expected(found)) return found;
    return await this.#settle(what);
  }

  /** A position that stays missing was deleted, and is not waited for. */
  async noteGap(after: number, end: number): Promise<void> {
    const now = this.#clock.monotonic();
    if (after >= end) this.#gap = undefined;
    else if (this.#gap?.after !== after) this.#gap = { after, since: now };
    else if (now - this.#gap.since > GAP_MS) {
      this.#gap = undefined;
      await this.#settle("getEventsFrom");
    }
  }

  /** Runs `work` while no writer is at work: it sees all there is. */
  async settled<T>(
    what: string,
    tx: Neo4jTransaction | undefined,
    work: (tx: Neo4jTransaction | undefined) => Promise<T>,
  ): Promise<T> {
    // The transaction around this code keeps the others out.
    if (tx === undefined && this.#store.isInsideAppended()) {
      return await work(tx);
    }
    if (tx === undefined) {
      return await this.#store.transactAgain(
        (own) => this.settled(what, own, work),
        { timeout: SETTLE_MS },
      );
    }
    const { settle } = await this.#statements();
    await this.#store.run({ what, tx }, settle, { holder: holderOf(tx) });
    this.#store.appendedIn(tx);
    return await work(tx);
  }

  async #settle(what: string): Promise<Head> {
    const { head } = await this.#statements();
    return await this.settled(what, undefined, async (tx) => {
      const ask = { what, tx };
      const found = toHead((await this.#store.run(ask, head))[0], what);
      this.#first = await this.#readFirst(what, tx) ?? found.position + 1;
      if (found.total > this.#expected(found)) throw foreignWriter(what);
      return { ...found, before: found.position };
    });
  }

  // With positions deleted in between there are fewer nodes, and never more.
  #expected({ position }: Head): number {
    return position - this.#first + 1;
  }

  async #readFirst(
    what: string,
    tx: Neo4jTransaction | undefined,
  ): Promise<number | undefined> {
    const { first } = await this.#statements();
    const [row] = await this.#store.run({ what, tx, canRepeat: true }, first);
    return row && toNumber(row["first"]);
  }
}

function toHead(row: Row | undefined, what: string): Head {
  if (row?.["migrated"] !== true) throw notMigrated(what);
  return {
    total: toNumber(row["total"]),
    position: toNumber(row["position"]),
    before: toNumber(row["before"]),
  };
}
