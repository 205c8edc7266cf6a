import {
  DuplicateCommandError,
  StoreError,
  VersionError,
} from "../../core/errors.ts";
import type { Aggregates } from "./aggregates.ts";
import type { Neo4jTransaction } from "./client.ts";
import {
  foreignWriter,
  isConstraintViolation,
  isRefusal,
  notMigrated,
} from "./errors.ts";
import type { Log } from "./log.ts";
import type { Append } from "../append_input.ts";
import { type Group, toGroup } from "./rows.ts";
import { type Ask, holderOf, type Neo4jStore } from "./store.ts";
import { toNumber } from "./values.ts";
import { tellAppendGroup } from "../append_groups.ts";

/** The most appends, and events, of one query. */
const MAX_GROUPS = 100;
const MAX_EVENTS = 2000;

/** How long a query may take, beside what its events take. */
const APPEND_MS = 10_000;
const EVENT_MS = 5;

type Waiting = {
  append: Append;
  group: Group;
  resolve: (first: number) => void;
  reject: (error: unknown) => void;
};

type Outcome = { outcome: string; first: number };

/**
 * Stores events. Appends that wait at the same time go to the server as one
 * query, one such query at a time: they would wait for one lock there anyway.
 */
export class Appender {
  #store: Neo4jStore;
  #log: Log;
  #aggregates: Aggregates;
  #waiting: Waiting[] = [];
  #isRunning = false;

  /** @param aggregates Where the version is read when an append is refused. */
  constructor(store: Neo4jStore, log: Log, aggregates: Aggregates) {
    this.#store = store;
    this.#log = log;
    this.#aggregates = aggregates;
  }

  /** Stores an append among others; gives the position of its first event. */
  append(append: Append): Promise<number> {
    const group = toGroup(append);
    return new Promise((resolve, reject) => {
      this.#waiting.push({ append, group, resolve, reject });
      this.#schedule();
    });
  }

  /** Stores an append inside a transaction, and keeps the counter till its end. */
  async appendIn(tx: Neo4jTransaction, append: Append): Promise<number> {
    const [outcome] = await this.#run([append], [toGroup(append)], tx);
    this.#store.appendedIn(tx);
    return await this.#accept(outcome!, append, tx);
  }

  /**
   * Keeps the counter till the end of a transaction: nobody else appends.
   *
   * @returns The version of an aggregate, which stays so.
   */
  async hold(
    tx: Neo4jTransaction,
    stream: string,
    aggregateId: string,
  ): Promise<number> {
    const { hold } = await this.#log.statements();
    const [row] = await this.#store.run(
      { what: "hold", tx, facts: { stream, aggregateId } },
      hold,
      { holder: holderOf(tx) },
    );
    if (row?.["migrated"] !== true) throw notMigrated("hold");
    this.#store.appendedIn(tx);
    const last = await this.#aggregates.last([stream], aggregateId, tx);
    return last?.version ?? 0;
  }

  #schedule(): void {
    if (this.#isRunning || this.#waiting.length === 0) return;
    this.#isRunning = true;
    // Whoever was woken by the same event has its append ready by then.
    setImmediate(async () => {
      const batch = takeBatch(this.#waiting);
      tellAppendGroup("neo4j", batch.length);
      try {
        await this.#runBatch(batch);
      } catch (error) {
        rejectAll(batch, error);
      } finally {
        this.#isRunning = false;
        this.#schedule();
      }
    });
  }

  async #runBatch(batch: Waiting[]): Promise<void> {
    try {
      const outcomes = await this.#run(
        batch.map(({ append }) => append),
        batch.map(({ group }) => group),
        undefined,
      );
      batch.forEach(({ append, resolve, reject }, at) => {
        this.#accept(outcomes[at]!, append, undefined).then(resolve, reject);
      });
    } catch (error) {
      const { cause } = error as { cause?: unknown };
      if (batch.length === 1 || !isRefusal(cause)) throw error;
      // One of them is at fault: the others are not to suffer for it.
      for (const one of batch) {
        await this.#runBatch([one]).catch(one.reject);
      }
    }
  }

  async #run(
    appends: Append[],
    groups: Group[],
    tx: Neo4jTransaction | undefined,
  ): Promise<Outcome[]> {
    const { stream, aggregateId } = appends[0]!;
    const count = groups.reduce((sum, { events }) => sum + events.length, 0);
    const ask: Ask = {
      what: "append",
      tx,
      canRepeat: true,
      timeout: APPEND_MS + count * EVENT_MS,
      ...appends.length === 1 ? { facts: { stream, aggregateId } } : {},
    };
    const { append } = await this.#log.statements();
    const [row] = await this.#store.run(ask, append, {
      groups,
      holder: holderOf(tx),
    });
    if (!row) throw notMigrated("append");
    let next = toNumber(row["base"]) + 1;
    return groups.map(({ events }, at) => {
      const { outcome, position } = row["outcomes"][at];
      const isStored = outcome === "stored";
      const first = isStored ? next : toNumber(position);
      if (isStored) next += events.length;
      return { outcome, first };
    });
  }

  /** The position of the first event, or why there is none. */
  async #accept(
    { outcome, first }: Outcome,
    append: Append,
    tx: Neo4jTransaction | undefined,
  ): Promise<number> {
    const { stream, aggregateId, version, commandId } = append;
    switch (outcome) {
      case "stored":
      case "repeated":
        return first;
      case "duplicate":
        throw new DuplicateCommandError({
          stream,
          aggregateId,
          ...commandId === undefined ? {} : { commandId },
        });
      case "foreign":
        throw foreignWriter("append", stream);
    }
    const last = await this.#aggregates.last([stream], aggregateId, tx);
    throw VersionError.of({
      stream,
      aggregateId,
      expectedVersion: version - 1,
      actualVersion: last?.version ?? 0,
    });
  }
}

// One append an aggregate: the second is judged by what the first has stored.
function takeBatch(waiting: Waiting[]): Waiting[] {
  const batch: Waiting[] = [];
  const aggregates = new Set<string>();
  let events = 0;
  for (let at = 0; at < waiting.length && batch.length < MAX_GROUPS;) {
    const one = waiting[at]!;
    const aggregate = JSON.stringify([one.group.stream, one.group.aggregateId]);
    const isTooLarge = batch.length > 0 &&
      events + one.group.events.length > MAX_EVENTS;
    if (isTooLarge || aggregates.has(aggregate)) {
      aggregates.add(aggregate);
      at++;
      continue;
    }
    aggregates.add(aggregate);
    events += one.group.events.length;
    batch.push(...waiting.splice(at, 1));
  }
  return batch;
}

// Each caller gets an error of its own.
function rejectAll(batch: Waiting[], error: unknown): void {
  for (const { append, reject } of batch) {
    const { stream, aggregateId } = append;
    if (!(error instanceof StoreError)) reject(error);
    else {
      reject(
        isConstraintViolation(error.cause)
          ? violated(append, error.cause)
          : new StoreError(error.code, error.message, {
            stream,
            aggregateId,
            cause: error.cause ?? error,
          }),
      );
    }
  }
}

// Under the lock nobody else can have stored them since they were looked for.
function violated(append: Append, cause: unknown): StoreError {
  const { stream, aggregateId } = append;
  return new StoreError(
    "STORE_FAILED",
    "Cannot run append: a constraint was broken that the counter of events should have kept; something else has changed events or the counter",
    { stream, aggregateId, cause },
  );
}
