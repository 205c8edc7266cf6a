import type { TransactionRefusal } from "./transaction_input.ts";

/**
 * What a statement is bound to. A `Date` only where a table of evtstore 12
 * leaves the time zone to the client.
 */
export type MysqlValue = string | number | null | Date;

/** What a statement that writes has done. */
export type MysqlResult = {
  /** How many rows it found or made. */
  affectedRows: number;
  /** The first number that AUTO_INCREMENT gave. */
  insertId: number;
};

/** Runs statements on one and the same connection. */
export interface MysqlSession {
  /** The driver's connection: two sessions of one are the same. */
  readonly connection: object;
  /** Runs a statement that gives rows. */
  query<Row>(text: string, values?: readonly MysqlValue[]): Promise<Row[]>;
  /** Runs a statement that gives none. */
  run(text: string, values?: readonly MysqlValue[]): Promise<MysqlResult>;
}

/**
 * A driver of MySQL or MariaDB: all that providers on them differ in. What it
 * throws is the driver's own error.
 *
 * @typeParam Tx The driver's own transaction.
 */
export interface MysqlExecutor<Tx> {
  /** The name of the driver, for messages. */
  readonly driver: string;
  /** How many connections there may be at most. */
  size(): number;
  /** How the connections are used at this moment, for messages. */
  connections(): string;
  /** Why it cannot be used as a transaction, or undefined. */
  refuseTransaction(tx: Tx): TransactionRefusal;
  /** Runs `work` on one connection: the transaction's, or any that is free. */
  session<T>(
    tx: Tx | undefined,
    work: (session: MysqlSession) => Promise<T>,
  ): Promise<T>;
  /**
   * Runs `work` in a READ COMMITTED transaction and commits it, or rolls it
   * back and throws. The database ends it if it lies idle for `idleMs`.
   *
   * @throws {RolledBackError} If the database had rolled it back before.
   */
  transact<T>(idleMs: number, work: (tx: Tx) => Promise<T>): Promise<T>;
}

/** The transaction was over before it could be committed. */
export class RolledBackError extends Error {
  override name = "RolledBackError";

  /** @param cause What the database said. */
  constructor(cause?: unknown) {
    super("The transaction ended before its work did", { cause });
  }
}

/** The statements that {@linkcode guardTransaction} is made of. */
const SAVEPOINT = "SAVEPOINT evt_tx";
const RELEASE = "RELEASE SAVEPOINT evt_tx";

/** There is no savepoint of that name. */
export const ER_SP_DOES_NOT_EXIST = 1305;

/**
 * Prepares a connection for a transaction that a deadlock cannot commit by
 * halves: when the server has rolled it back, and `work` went on without
 * looking, what follows must not commit one by one.
 *
 * @returns What makes the connection fit for others again, after COMMIT or
 * ROLLBACK: setting autocommit would commit what is open.
 */
export async function prepareTransaction(
  session: MysqlSession,
  idleMs: number,
): Promise<() => Promise<void>> {
  const [found] = await session.query<{ seconds: number }>(
    "SELECT @@SESSION.wait_timeout AS seconds",
  );
  await session.run("SET SESSION autocommit = 0, SESSION wait_timeout = ?", [
    Math.max(1, Math.ceil(idleMs / 1000)),
  ]);
  return async () => {
    await session.run("SET SESSION autocommit = 1, SESSION wait_timeout = ?", [
      Number(found?.seconds ?? 28_800),
    ]);
  };
}

/**
 * Runs `work` inside the transaction that was begun, and finds out whether it
 * is still that one.
 *
 * @throws {RolledBackError} If it is not.
 */
export async function guardTransaction<T>(
  session: MysqlSession,
  work: () => Promise<T>,
): Promise<T> {
  await session.run(SAVEPOINT);
  const result = await work();
  try {
    await session.run(RELEASE);
  } catch (error) {
    // Whatever it is, nothing is committed after it.
    throw new RolledBackError(error);
  }
  return result;
}
