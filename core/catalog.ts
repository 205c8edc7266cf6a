/** A bookmark as it is stored. */
export type StoredBookmark = {
  /** Its name. */
  bookmark: string;
  /** Where it stands. */
  position: any;
};

/** The id of a command, and the first event that it stored. */
export type StoredCommand = {
  /** The stream of the event. */
  stream: string;
  /** The aggregate of the event. */
  aggregateId: string;
  /** The version of the event. */
  version: number;
  /** What the command was given as its `commandId`. */
  commandId: string;
};

/**
 * What a store holds, for tools that look at it from outside: an application
 * knows its own streams. With the names of all streams, `getEventsFrom` reads
 * the whole log in its one order.
 */
export type Catalog = {
  /**
   * The streams that have events, in the order of their names' UTF-8 bytes. It
   * costs a look into an index for each, however long the log is; on NATS one
   * for each aggregate.
   */
  streams(): Promise<string[]>;
  /** The bookmarks that are stored, in the order of their names' UTF-8 bytes. */
  bookmarks(): Promise<StoredBookmark[]>;
  /**
   * The commands whose first event stands in a part of the log.
   *
   * @param after The position before the part.
   * @param upTo The last position of the part.
   */
  commands(after: any, upTo: any): Promise<StoredCommand[]>;
};
