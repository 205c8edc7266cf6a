import type { TransactionRefusal } from "./transaction_input.ts";

/** What a statement is bound to; an array is a text, see `toArrayText`. */
export type PostgresValue = string | number | null;

/** The values of a row in the order of its columns: text, or what a driver made of it. */
export type PostgresRow = readonly any[];

/** How a statement is run. */
export type PostgresQueryOptions<Tx> = {
  /** Inside this transaction; otherwise it commits by itself. */
  tx?: Tx | undefined;
  /** Keep it prepared on the connection. */
  prepare?: boolean;
};

/** Runs a statement on one and the same connection. */
export type PostgresSession = (
  text: string,
  values?: readonly PostgresValue[],
) => Promise<PostgresRow[]>;

/** What a connection that listens tells. */
export type PostgresListener = {
  /** One has come; without a payload some may have been missed. */
  notified(payload?: string): void;
  /** No more will come. */
  lost(error: unknown): void;
};

/**
 * A driver of PostgreSQL: all that the providers pg, postgres and knex differ
 * in. What it throws is the driver's own error.
 *
 * @typeParam Tx The driver's own transaction.
 */
export interface PostgresExecutor<Tx> {
  /** The name of the driver, for messages. */
  readonly driver: string;
  /** How many connections there may be at most; with 1, all wait their turn. */
  size(): Promise<number>;
  /** How the connections are used at this moment, for messages. */
  connections(): string;
  /** Why it cannot be used as a transaction, or undefined. */
  refuseTransaction(tx: Tx): TransactionRefusal;
  /** Runs one statement. */
  query(
    text: string,
    values: readonly PostgresValue[],
    options?: PostgresQueryOptions<Tx>,
  ): Promise<PostgresRow[]>;
  /**
   * Runs `work` in a READ COMMITTED transaction and commits it, or rolls it
   * back and throws. The database ends it if it lies idle for `idleMs`.
   *
   * @throws {UncommittedError} If it is certain that nothing was committed,
   * though `work` did not fail: without it a commit may roll back in silence.
   */
  transact<T>(idleMs: number, work: (tx: Tx) => Promise<T>): Promise<T>;
  /** Runs `work` on one connection, outside any transaction. */
  session<T>(work: (run: PostgresSession) => Promise<T>): Promise<T>;
  /**
   * Listens by a connection beside those that it uses otherwise.
   *
   * @returns A function that closes it.
   * @throws {StoreError} `NOT_SUPPORTED` if it can have no further connection.
   */
  listen(
    channel: string,
    listener: PostgresListener,
  ): Promise<() => Promise<void>>;
}

/** Nothing of a transaction was committed, though its work did not fail. */
export class UncommittedError extends Error {
  override name = "UncommittedError";

  /** @param cause Why: a statement that failed, a lost connection; if known. */
  constructor(cause?: unknown) {
    super("The transaction was not committed", { cause });
  }
}

/**
 * A name for a prepared statement, the same for the same text: connections may
 * be shared with another copy of this library.
 */
export function statementName(text: string): string {
  let name = names.get(text);
  if (name === undefined) {
    name = `evtstore_${hash(text, 1).toString(36)}${
      hash(text, 2).toString(36)
    }`;
    names.set(text, name);
  }
  return name;
}

const names = new Map<string, string>();

// FNV-1a; two texts with one name are refused by the driver, never mixed up.
function hash(text: string, seed: number): number {
  let value = 0x811c9dc5 ^ seed;
  for (let index = 0; index < text.length; index++) {
    value = Math.imul(value ^ text.charCodeAt(index), 0x01000193);
  }
  return value >>> 0;
}
