import type { StoreEvent } from "../../core/event.ts";

/** How a database keeps two transactions from writing the same thing. */
export type Isolation = "locks" | "conflicts";

/** Thrown at who has to wait until another transaction ends. */
export class Busy {
  readonly holder: Transaction;

  constructor(holder: Transaction) {
    this.holder = holder;
  }
}

/** What the database refuses. */
export class DatabaseError extends Error {
  override name = "DatabaseError";
}

/** A transaction, as the database knows it. */
export type Transaction = {
  readonly name: string;
  state: "open" | "committed" | "rolled back";
  readonly began: number;
  readonly writes: Map<string, unknown>;
  readonly effects: Effect[];
  readonly waiters: (() => void)[];
};

/** A row of a read model: the bookmark whose handler wrote it, and the event. */
export type Effect = {
  readonly bookmark: string;
  readonly position: number;
  /** Whether an earlier version of the handler was said to have handled it. */
  readonly replay: boolean;
};

/** What is told of every change, once it is committed. */
export type Committed = {
  effects: readonly Effect[];
  writes: ReadonlyMap<string, unknown>;
  before: ReadonlyMap<string, unknown>;
};

/**
 * What a database holds: a log, and values under keys. Each call is one moment
 * in which the change is there for everybody.
 */
export class Store {
  readonly log: StoreEvent<any>[] = [];
  readonly #isolation: Isolation;
  readonly #values: Map<string, unknown> = new Map();
  readonly #holders: Map<string, Transaction> = new Map();
  readonly #changed: Map<string, number> = new Map();
  readonly #versions: Map<string, number> = new Map();
  readonly #committed: (what: Committed) => void;
  #time = 0;
  #transactions = 0;

  /** @param committed Is told of every change. */
  constructor(isolation: Isolation, committed: (what: Committed) => void) {
    this.#isolation = isolation;
    this.#committed = committed;
  }

  get end(): number {
    return this.log.at(-1)?.position ?? 0;
  }

  append(
    stream: string,
    aggregateId: string,
    types: string[],
    gap: number,
    timestamp: number,
  ): StoreEvent<any>[] {
    const aggregate = `${stream}/${aggregateId}`;
    const events = types.map((type) => {
      const version = (this.#versions.get(aggregate) ?? 0) + 1;
      this.#versions.set(aggregate, version);
      const stored: StoreEvent<any> = {
        stream,
        aggregateId,
        version,
        position: this.end + 1 + gap,
        timestamp: new Date(timestamp),
        event: { type },
      };
      this.log.push(stored);
      return stored;
    });
    return events;
  }

  /** The events of some streams after a position. */
  after(streams: string[], position: number, limit: number): StoreEvent<any>[] {
    const found: StoreEvent<any>[] = [];
    for (
      let index = this.#indexAfter(position);
      found.length < limit;
      index++
    ) {
      const event = this.log[index];
      if (!event) break;
      if (streams.includes(event.stream)) found.push(event);
    }
    return found;
  }

  begin(): Transaction {
    return {
      name: `t${++this.#transactions}`,
      state: "open",
      began: this.#time,
      writes: new Map(),
      effects: [],
      waiters: [],
    };
  }

  read(key: string, tx?: Transaction): any {
    return tx?.writes.has(key) ? tx.writes.get(key) : this.#values.get(key);
  }

  /** Keys and values whose key begins with a text, in the order of the keys. */
  list(prefix: string, tx?: Transaction): [string, any][] {
    return [...new Map([...this.#values, ...tx?.writes ?? []])]
      .filter(([key, value]) => key.startsWith(prefix) && value !== undefined)
      .sort(([left], [right]) => left < right ? -1 : 1);
  }

  /**
   * Changes one value, in a transaction or at once.
   *
   * @param change Gets the value, and gives the new one or `keep`.
   * @returns Whether it was changed.
   * @throws {Busy} If another transaction holds it.
   */
  write(
    key: string,
    tx: Transaction | undefined,
    change: (current: any) => unknown,
  ): boolean {
    const holder = this.#holders.get(key);
    if (holder && holder !== tx) throw new Busy(holder);
    if (tx && this.#isolation === "conflicts") this.#refuseStale(key, tx);
    const changed = change(this.read(key, tx));
    if (changed === keep) return false;
    if (!tx) {
      this.#commit(new Map([[key, changed]]), []);
      return true;
    }
    if (this.#isolation === "locks") this.#holders.set(key, tx);
    tx.writes.set(key, changed);
    return true;
  }

  commit(tx: Transaction): void {
    if (this.#isolation === "conflicts") {
      for (const key of tx.writes.keys()) this.#refuseStale(key, tx);
    }
    this.#commit(tx.writes, tx.effects);
    this.#end(tx, "committed");
  }

  rollback(tx: Transaction): void {
    if (tx.state === "open") this.#end(tx, "rolled back");
  }

  #end(tx: Transaction, state: "committed" | "rolled back"): void {
    tx.state = state;
    for (const [key, holder] of this.#holders) {
      if (holder === tx) this.#holders.delete(key);
    }
    for (const go of tx.waiters.splice(0)) go();
  }

  #commit(
    writes: ReadonlyMap<string, unknown>,
    effects: readonly Effect[],
  ): void {
    const before = new Map<string, unknown>();
    this.#time++;
    for (const [key, value] of writes) {
      before.set(key, this.#values.get(key));
      if (value === undefined) this.#values.delete(key);
      else this.#values.set(key, value);
      this.#changed.set(key, this.#time);
    }
    this.#committed({ writes, effects, before });
  }

  #refuseStale(key: string, tx: Transaction): void {
    if ((this.#changed.get(key) ?? 0) <= tx.began) return;
    this.rollback(tx);
    throw new DatabaseError(`write conflict of ${tx.name} at ${key}`);
  }

  #indexAfter(position: number): number {
    let low = 0;
    let high = this.log.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.log[middle]!.position > position) high = middle;
      else low = middle + 1;
    }
    return low;
  }
}

/** The answer of a change that leaves the value as it is. */
export const keep: unique symbol = Symbol("keep");
