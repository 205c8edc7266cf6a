import { StoreError } from "../core/errors.ts";
import {
  type AsyncContext,
  createAsyncContext,
} from "../core/async_context.ts";
import { systemClock } from "../core/clock.ts";
import { writeOptions } from "./mongo_bookmarks.ts";
import { type Commit, placeAfter } from "./mongo_documents.ts";
import type { MongoSession } from "./mongo_driver.ts";
import {
  isSlotTaken,
  isTransactionGone,
  isTransient,
  isUnknownCommit,
  toStoreError,
  WriteRefusal,
} from "./mongo_errors.ts";
import {
  abort,
  commitTransaction,
  insertIn,
  TRANSACTION,
} from "./mongo_insert.ts";
import { readHead, readHeadIn } from "./mongo_read.ts";
import { findRefusal, findStored } from "./mongo_refusal.ts";
import { type MongoSlots, PATIENCE_MS } from "./mongo_slots.ts";
import type { MongoLog } from "./mongo_store.ts";

/** How often a transaction is begun again that the server ended without a word. */
const MAX_GONE = 3;

/** A transaction that the provider began. */
type Transaction = {
  isOpen: boolean;
  /** What was appended in it. */
  commits: Commit[];
  /** The last position in it. */
  head: bigint;
  /** Ends its turn at the end of the log; others wait for it. */
  release?: () => void;
  /** Whether somebody else was in its way, so that it is to run again. */
  isOverrun: boolean;
};

/** Transactions that run the application's code. */
export class MongoTransactions {
  #slots: MongoSlots;
  #open = new WeakMap<object, Transaction>();
  #inside: AsyncContext<Transaction> = createAsyncContext();

  /** @param slots Whose turn it is to append. */
  constructor(slots: MongoSlots) {
    this.#slots = slots;
  }

  /**
   * Runs `work` in a transaction and commits it, and again if another
   * transaction was in its way.
   *
   * @returns What `work` gave, and whether events were appended.
   */
  async transact<T, Session>(
    log: MongoLog,
    work: (session: Session) => Promise<T>,
  ): Promise<{ value: T; hasAppended: boolean }> {
    const end = systemClock.monotonic() + PATIENCE_MS;
    for (let tries = 1, gone = 0;; tries++) {
      const transaction: Transaction = {
        isOpen: true,
        commits: [],
        head: 0n,
        isOverrun: false,
      };
      try {
        const value = await this.#run(log, transaction, work);
        return { value, hasAppended: transaction.commits.length > 0 };
      } catch (error) {
        if (isTransactionGone(error)) gone++;
        const isAgain = transaction.isOverrun || isTransient(error);
        const isOver = gone === MAX_GONE || systemClock.monotonic() > end;
        if (!isAgain) throw error;
        if (isOver) throw toStoreError("transact", error);
      }
      await systemClock.sleep(Math.random() * 10 * Math.min(tries, 10));
    }
  }

  /**
   * Refuses what would wait for the transaction that it runs in.
   *
   * @throws {StoreError} `TRANSACTION_JOINED`
   */
  checkOutside(what: string): void {
    const transaction = this.#inside.get();
    if (!transaction?.isOpen || !transaction.release) return;
    throw new StoreError(
      "TRANSACTION_JOINED",
      `Cannot run ${what} beside the transaction that this code runs in, which has appended before it: give it the transaction as "tx"`,
    );
  }

  /**
   * The session of a transaction that is open.
   *
   * @throws {StoreError} `TRANSACTION_ENDED` for anything else.
   */
  check(what: string, tx: unknown): MongoSession | undefined {
    if (tx === undefined) return undefined;
    const session = tx as Partial<MongoSession> | null;
    const isOpen = typeof session === "object" && session !== null &&
      typeof session.inTransaction === "function" && session.inTransaction() &&
      this.#open.get(session)?.isOpen !== false;
    if (isOpen) return session as MongoSession;
    throw new StoreError(
      "TRANSACTION_ENDED",
      `Cannot run ${what}: its "tx" is not a session with an open transaction; use the one that provider.transact() gave, before its work ends`,
      { field: "tx" },
    );
  }

  /** @returns The position before the first of the commit's events. */
  async append(
    log: MongoLog,
    session: MongoSession,
    commit: Commit,
  ): Promise<bigint> {
    const own = this.#open.get(session);
    const head = await this.#insert(log, session, commit, own);
    own?.commits.push(commit);
    if (own) own.head = head + BigInt(commit.documents.length);
    return head;
  }

  /**
   * Puts a commit at the end of the log and takes it away again: nobody else
   * can have its version, or any position, until the transaction ends.
   */
  async occupy(
    log: MongoLog,
    session: MongoSession,
    commit: Commit,
  ): Promise<void> {
    await this.#insert(log, session, commit, this.#open.get(session));
    for (const { _id } of commit.documents) {
      await log.events.deleteOne({ _id }, writeOptions(session));
    }
  }

  async #insert(
    log: MongoLog,
    session: MongoSession,
    commit: Commit,
    own: Transaction | undefined,
  ): Promise<bigint> {
    if (own) own.release ??= await this.#slots.take("append in a transaction");
    try {
      const refusal = await findRefusal(log, commit, session);
      // Before the server refuses it, which would end the transaction.
      if (refusal) throw refusal;
      const head = await this.#headIn(log, session);
      await insertIn(log, session, placeAfter(log, commit, head));
      return head;
    } catch (error) {
      const isOverrun = isTransient(error) ||
        error instanceof WriteRefusal && isSlotTaken(error.refusal);
      if (own && isOverrun) own.isOverrun = true;
      throw error;
    }
  }

  // Others have gone on since the transaction began, which sees none of it. It
  // is asked last: whoever takes the position meanwhile ends the transaction.
  async #headIn(log: MongoLog, session: MongoSession): Promise<bigint> {
    const inside = await readHeadIn(log, session);
    const outside = await readHead(log);
    return outside > inside ? outside : inside;
  }

  async #run<T, Session>(
    log: MongoLog,
    transaction: Transaction,
    work: (session: Session) => Promise<T>,
  ): Promise<T> {
    const session: MongoSession = log.database.client.startSession();
    this.#open.set(session, transaction);
    try {
      session.startTransaction(TRANSACTION);
      const value = await this.#inside.run(
        transaction,
        () => work(session as Session),
      );
      transaction.isOpen = false;
      await this.#commit(log, session, transaction);
      return value;
    } catch (error) {
      transaction.isOpen = false;
      if (session.inTransaction()) await abort(session);
      throw error;
    } finally {
      transaction.release?.();
      await session.endSession();
    }
  }

  async #commit(
    log: MongoLog,
    session: MongoSession,
    { commits, head, isOverrun }: Transaction,
  ): Promise<void> {
    if (!session.inTransaction()) {
      throw new StoreError(
        "TRANSACTION_ENDED",
        "Cannot run transact: its transaction was ended by somebody else; do not commit or abort it yourself",
      );
    }
    if (isOverrun) {
      throw new StoreError(
        "TRANSACTION_CONFLICT",
        "Cannot run transact: another transaction was in its way",
      );
    }
    try {
      await commitTransaction(session);
    } catch (error) {
      if (!isUnknownCommit(error)) throw toStoreError("transact", error);
      const stored = commits.length > 0 &&
        await findStored(log, commits).catch(() => undefined);
      if (!stored || stored.size === 0) throw outcomeUnknown(error);
    }
    if (commits.length > 0) this.#slots.advance(head);
  }
}

function outcomeUnknown(error: unknown): unknown {
  const known = toStoreError("transact", error);
  return new StoreError(
    "OUTCOME_UNKNOWN",
    `Cannot tell whether a transaction was committed: ${
      (known as Error).message
    }; look whether what it wrote is there`,
    { cause: error },
  );
}
