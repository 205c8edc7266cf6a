/** One line of an account's statement. */
export type StatementLine = {
  /** Whose statement it is. */
  account: string;
  /** The version of the account; two lines of one account never share it. */
  version: number;
  /** The type of the event behind it. */
  what: string;
  /** What it adds to the balance, or takes from it if it is negative. */
  cents: number;
  /** The transfer that it belongs to, if it does. */
  transferId: string | undefined;
  /** When it happened. */
  at: Date;
};

/** The balance of an account, as the read model has it. */
export type Balance = {
  /** The account. */
  account: string;
  /** Its balance. */
  cents: number;
  /** The sum of the lines of its statement, which must be the same. */
  statement: number;
};

/**
 * The tables of balances and statements. It is all that the bank asks of a
 * database beside an EvtStore provider; `Tx` is that provider's transaction.
 */
export type ReadModel<Tx> = {
  /** Makes the tables unless they exist. */
  create(tx: Tx): Promise<void>;
  /**
   * Adds a line to a statement and its cents to the balance. It is not safe to
   * repeat, so whoever calls it must do so exactly once.
   */
  post(tx: Tx, line: StatementLine): Promise<void>;
  /** All balances, the highest first. */
  balances(tx: Tx): Promise<Balance[]>;
};
