/** An event as every contender stores it: some 150 bytes of JSON. */
export type Deposited = {
  type: "Deposited";
  cents: number;
  note: string;
};

/** What the events of one aggregate fold into. */
export type Account = { cents: number };

/** The stream that all of them append to. */
export const STREAM = "accounts";

const NOTE =
  "a transfer of some length, with a reference, as a bank would keep it";

/** The next event. */
export function deposit(cents = 1): Deposited {
  return { type: "Deposited", cents, note: NOTE };
}

/** The aggregate after one more event. */
export function fold(event: Deposited, account: Account): Account {
  return { cents: account.cents + event.cents };
}

/**
 * One way to store events, as the bench drives it. Each has tables of its own
 * on the same server, made by its own `migrate` where it has one.
 */
export type Contender = {
  /** What it is called in the table. */
  name: string;
  /** Appends events to an aggregate whose version is `version`. */
  append(id: string, version: number, count: number): Promise<unknown>;
  /** Loads the aggregate, decides on it, and appends one event. */
  command(id: string): Promise<unknown>;
  /** Loads the aggregate. @returns Its cents. */
  load(id: string): Promise<number>;
  /** As `load`, of an aggregate that was loaded before, where it has a cache. */
  loadCached?(id: string): Promise<number>;
  /** Handles all events from the first one. @returns How many there were. */
  catchUp?(total: number): Promise<number>;
  /**
   * Appends events one by one.
   *
   * @returns How long after the answer each was handled, in milliseconds.
   */
  latencies?(count: number): Promise<number[]>;
  /**
   * Appends events at a pace, while handlers handle them.
   *
   * @param handlers How many of them; each has a bookmark of its own.
   */
  keepUp?(
    handlers: number,
    perSecond: number,
    seconds: number,
  ): Promise<unknown>;
  /** Drops what it made. */
  close(): Promise<unknown>;
};

/** What is written by hand, of the two steps that differ between the databases. */
export function byHand(
  append: (
    id: string,
    version: number,
    events: Deposited[],
  ) => Promise<unknown>,
  load: (id: string) => Promise<{ account: Account; version: number }>,
): Pick<Contender, "append" | "command" | "load"> {
  return {
    append: (id, version, count) =>
      append(id, version, Array.from({ length: count }, () => deposit())),
    async command(id) {
      const { account, version } = await load(id);
      await append(id, version, [deposit(1 + account.cents % 2)]);
    },
    load: async (id) => (await load(id)).account.cents,
  };
}
