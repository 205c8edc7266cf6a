import type { Event, StoreEvent } from "../../core/event.ts";
import { type Coalescable, Coalescer, type Outcome } from "./coalescer.ts";
import type { PostgresStatements } from "./postgres.ts";
import type { PostgresRow } from "./postgres_executor.ts";
import {
  type Position,
  toArrayText,
  toPosition,
  toStoreEvent,
} from "./postgres_rows.ts";
import type { PostgresStore } from "./postgres_store.ts";

/**
 * The most events of each aggregate that are read for several callers at once:
 * a large one must not keep the others waiting.
 */
const MAX_SHARED = 100;

/** What `getEventsFor` was asked to read. */
export type Load = {
  stream: string;
  aggregateId: string;
  /** Events after this position. */
  after: Position;
  /** The most events, unless null. */
  limit: number | null;
};

type Shared = Load & Coalescable;

/** Reads aggregates by themselves, or those that are asked for together at once. */
export class PostgresLoader<Tx> {
  #store: PostgresStore<Tx>;
  #statements: PostgresStatements;
  #coalescer: Coalescer<Shared, PostgresRow[]>;
  #count = 0;

  /** @param store Where it reads. */
  constructor(store: PostgresStore<Tx>, statements: PostgresStatements) {
    this.#store = store;
    this.#statements = statements;
    this.#coalescer = new Coalescer<Shared, PostgresRow[]>({
      alone: (load) => this.#load(load, undefined),
      together: (loads) => this.#loadTogether(loads),
      overtaken: () => undefined,
    });
  }

  /** The events of one aggregate, by version. */
  async load<E extends Event>(
    load: Load,
    tx: Tx | undefined,
  ): Promise<StoreEvent<E>[]> {
    const { stream, aggregateId } = load;
    const rows = await this.#rows(load, tx);
    return rows.map((row) => toStoreEvent<E>(row, stream, aggregateId));
  }

  #rows(load: Load, tx: Tx | undefined): Promise<PostgresRow[]> {
    if (tx !== undefined || load.limit === 0) return this.#load(load, tx);
    this.#store.checkOutside("getEventsFor");
    // Two may read the same aggregate at the same time.
    const key = String(this.#count++);
    return this.#coalescer.run({ ...load, key, size: 1, characters: 0 });
  }

  #load(
    { stream, aggregateId, after, limit }: Load,
    tx: Tx | undefined,
  ): Promise<PostgresRow[]> {
    return this.#store.read(
      { what: "getEventsFor", tx, facts: { stream, aggregateId } },
      this.#statements.selectEventsFor,
      [stream, aggregateId, String(after), limit],
    );
  }

  async #loadTogether(loads: Shared[]): Promise<Outcome<PostgresRow[]>[]> {
    const alone = (load: Shared) => ({
      run: () => this.#load(load, undefined),
    });
    let rows: PostgresRow[];
    try {
      rows = await this.#store.runShared(
        "getEventsFor",
        this.#statements.selectEventsForMany,
        [
          toArrayText(loads.map(({ stream }) => stream)),
          toArrayText(loads.map(({ aggregateId }) => aggregateId)),
          toArrayText(loads.map(({ after }) => String(after))),
          MAX_SHARED,
        ],
      );
    } catch {
      // A reading changes nothing: each gets its own answer, or its own error.
      return loads.map(alone);
    }
    const found: PostgresRow[][] = loads.map(() => []);
    for (const [number, ...row] of rows) found[number - 1]!.push(row);
    return loads.map((load, index): Outcome<PostgresRow[]> => {
      const first = found[index]!;
      const limit = load.limit ?? Infinity;
      if (limit <= first.length) return { value: first.slice(0, limit) };
      if (first.length < MAX_SHARED) return { value: first };
      return { run: () => this.#loadRest(load, first) };
    });
  }

  async #loadRest(
    load: Shared,
    first: PostgresRow[],
  ): Promise<PostgresRow[]> {
    const after = toPosition(first.at(-1)![0]);
    const limit = load.limit === null ? null : load.limit - first.length;
    const rest = await this.#load({ ...load, after, limit }, undefined);
    return [...first, ...rest];
  }
}
