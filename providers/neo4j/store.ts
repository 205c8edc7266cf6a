import {
  type AsyncContext,
  createAsyncContext,
} from "../../core/async_context.ts";
import { type Clock, systemClock } from "../../core/clock.ts";
import { StoreError, type StoreErrorFacts } from "../../core/errors.ts";
import { checkClient } from "../client_input.ts";
import type { Neo4jDriver, Neo4jSession, Neo4jTransaction } from "./client.ts";
import { isLost, isLostUnderWay, isTransient, toStoreError } from "./errors.ts";

/** How long a query is tried again, in milliseconds. */
const PATIENCE_MS = 10_000;
/** How long one query may wait for locks, in milliseconds. */
const QUERY_MS = 10_000;

/** One row of an answer: the values by their names. */
export type Row = Record<string, any>;

/** What is asked, beside the query. */
export type Ask = {
  /** The name of the provider's method, for errors. */
  what: string;
  /** The names that a caller needs to act on an error. */
  facts?: StoreErrorFacts;
  /** Ask inside this transaction. */
  tx?: Neo4jTransaction | undefined;
  /**
   * What becomes of a lost connection: the same again, if that does no harm;
   * otherwise the outcome stays unknown.
   */
  canRepeat?: boolean;
  /** How long the query may take, in milliseconds. */
  timeout?: number;
};

/** What is known of a transaction that is open. */
type Open = {
  isOpen: boolean;
  /** It has appended, so other appends wait for it. */
  isAppendedTo: boolean;
};

// Of every transaction, whichever provider it came from.
const holders = new WeakMap<object, string>();

/** Names the writer that a transaction is, the same each time. */
export function holderOf(tx: Neo4jTransaction | undefined): string {
  const known = tx && holders.get(tx);
  if (known !== undefined) return known;
  const holder = crypto.randomUUID();
  if (tx) holders.set(tx, holder);
  return holder;
}

/** Runs queries on the user's driver, and repeats what is worth it. */
export class Neo4jStore {
  #client: Neo4jDriver | Promise<Neo4jDriver>;
  #database: string | undefined;
  #clock: Clock;
  #inside: AsyncContext<Open> = createAsyncContext();
  #open: WeakMap<object, Open> = new WeakMap();

  /**
   * @param client The user's driver.
   * @param database Left out, the server's default; 3.5 knows no other.
   */
  constructor(
    client: Neo4jDriver | Promise<Neo4jDriver>,
    database: string | undefined,
    clock: Clock = systemClock,
  ) {
    checkClient(
      "client",
      client,
      "session",
      "what driver() of neo4j-driver returns",
    );
    this.#client = client;
    this.#database = database;
    this.#clock = clock;
  }

  /**
   * Runs a query, in its own transaction unless it has one.
   *
   * @throws {StoreError} With the driver's error as its cause.
   */
  async run(ask: Ask, query: string, parameters: Row = {}): Promise<Row[]> {
    const { tx } = ask;
    if (tx !== undefined) {
      return await this.#runInside(ask, tx, query, parameters);
    }
    const start = this.#clock.monotonic();
    let mayBeCommitted = false;
    for (let attempts = 1;; attempts++) {
      try {
        return await this.#runOnce(query, parameters, ask.timeout ?? QUERY_MS);
      } catch (error) {
        mayBeCommitted ||= isLostUnderWay(error);
        const canTryAgain = isTransient(error) ||
          isLost(error) && (ask.canRepeat === true || !mayBeCommitted);
        const isLate = this.#clock.monotonic() - start >= PATIENCE_MS;
        if (!canTryAgain || isLate) {
          throw toStoreError(error, { ...ask, mayBeCommitted });
        }
      }
      await this.#pause(attempts);
    }
  }

  /** Runs `work` in one transaction, and commits it. */
  async transact<T>(
    work: (tx: Neo4jTransaction) => Promise<T>,
    options: { timeout?: number } = {},
  ): Promise<T> {
    const own: Open = { isOpen: true, isAppendedTo: false };
    const session = await this.#session("transact");
    try {
      const tx = await begin(session, options);
      this.#open.set(tx, own);
      let result: T;
      try {
        result = await this.#inside.run(own, () => work(tx));
      } catch (error) {
        if (tx.isOpen()) await tx.rollback().catch(() => undefined);
        throw error;
      }
      try {
        await tx.commit();
      } catch (error) {
        throw toStoreError(error, {
          what: "transact",
          tx,
          mayBeCommitted: isLostUnderWay(error),
        });
      }
      return result;
    } finally {
      own.isOpen = false;
      await session.close().catch(() => undefined);
    }
  }

  /** As `transact`, for work that may run again: it does after a conflict. */
  async transactAgain<T>(
    work: (tx: Neo4jTransaction) => Promise<T>,
    options: { timeout?: number } = {},
  ): Promise<T> {
    const start = this.#clock.monotonic();
    for (let attempts = 1;; attempts++) {
      try {
        return await this.transact(work, options);
      } catch (error) {
        const isConflict = error instanceof StoreError &&
          error.code === "TRANSACTION_CONFLICT";
        const isLate = this.#clock.monotonic() - start >= PATIENCE_MS;
        if (!isConflict || isLate) throw error;
      }
      await this.#pause(attempts);
    }
  }

  /** Notes that a transaction holds the counter of events from now on. */
  appendedIn(tx: Neo4jTransaction): void {
    const open = this.#open.get(tx);
    if (open) open.isAppendedTo = true;
  }

  /** Whether this transaction has appended, as far as it is one of ours. */
  hasAppended(tx: Neo4jTransaction): boolean {
    return this.#open.get(tx)?.isAppendedTo === true;
  }

  /** Whether this code runs inside a transaction that holds the counter. */
  isInsideAppended(): boolean {
    const open = this.#inside.get();
    return open?.isOpen === true && open.isAppendedTo;
  }

  /**
   * Refuses a write that would wait for the transaction that it runs in.
   *
   * @throws {StoreError} `TRANSACTION_JOINED`.
   */
  checkOutside(what: string): void {
    if (!this.isInsideAppended()) return;
    throw new StoreError(
      "TRANSACTION_JOINED",
      `Cannot run ${what} beside the transaction that this code runs in: give it the transaction as "tx"`,
    );
  }

  async #pause(attempts: number): Promise<void> {
    const pause = Math.min(10 * 2 ** attempts, 500);
    await this.#clock.sleep(pause * (0.5 + this.#clock.random()));
  }

  async #runOnce(
    query: string,
    parameters: Row,
    timeout: number,
  ): Promise<Row[]> {
    const session = await this.#session("a query");
    try {
      const result = await session.run(query, parameters, { timeout });
      return result.records.map((record) => record.toObject());
    } finally {
      await session.close().catch(() => undefined);
    }
  }

  async #runInside(
    ask: Ask,
    tx: Neo4jTransaction,
    query: string,
    parameters: Row,
  ): Promise<Row[]> {
    checkTransaction(tx);
    try {
      const result = await tx.run(query, parameters);
      return result.records.map((record) => record.toObject());
    } catch (error) {
      throw toStoreError(error, ask);
    }
  }

  async #session(what: string): Promise<Neo4jSession> {
    const client = await this.#client;
    try {
      // To the leader of a cluster: another member may not know of a commit yet.
      return client.session({
        defaultAccessMode: "WRITE",
        ...this.#database === undefined ? {} : { database: this.#database },
      });
    } catch (error) {
      throw toStoreError(error, { what });
    }
  }
}

async function begin(
  session: Neo4jSession,
  options: { timeout?: number },
): Promise<Neo4jTransaction> {
  try {
    return await session.beginTransaction(options);
  } catch (error) {
    throw toStoreError(error, { what: "transact" });
  }
}

function checkTransaction(tx: unknown): void {
  const { run, beginTransaction } = (tx ?? {}) as Record<string, unknown>;
  if (typeof run === "function" && beginTransaction === undefined) return;
  throw new StoreError(
    "INVALID_INPUT",
    "Expected tx to be a transaction of neo4j-driver, as transact() gives it",
    { field: "tx" },
  );
}
