/**
 * A place in the log that the events of a page move on, stored where nobody
 * else has moved it: that of a handler, or of one aggregate that is replayed.
 */
export type PageCursor = {
  /** Comes to a place, in memory. */
  moveTo(position: any): void;
  /**
   * Stores the place.
   *
   * @returns False if somebody else has moved it.
   */
  store(): Promise<boolean>;
  /**
   * Stores a place inside a transaction; it counts once `committed` is called.
   *
   * @param from What it was moved to in this same transaction.
   */
  storeIn(tx: unknown, position: any, from?: any): Promise<boolean>;
  /** The transaction that stored this place was committed. */
  committed(position: any): void;
};
