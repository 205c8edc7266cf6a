/** An event as somebody finds it who reads plainly. */
export type PlainEvent = {
  /** "stream aggregate version". */
  line: string;
  position: bigint;
};

/** A way to the events that knows nothing of this library. */
export type Plain = {
  /** Everything after a position that is visible now, by position. */
  readAfter(position: bigint): Promise<PlainEvent[]>;
  /**
   * Stores an event in a transaction of its own, with pauses in it, or rolls
   * it back. Absent where only this library may write.
   */
  write?(
    event: {
      stream: string;
      aggregateId: string;
      version: number;
      event: string;
    },
    stall: () => Promise<void>,
    mayCommit: boolean,
  ): Promise<void>;
  /** Ends the connections. */
  close(): Promise<void>;
};

/** Opens a place by its address, by the driver alone. */
export async function openPlain(address: string): Promise<Plain> {
  const scheme = address.slice(0, address.indexOf(":")).split("+")[0];
  switch (scheme) {
    case "sqlite":
      return (await import("./sqlite.ts")).openSqlite(address);
    case "postgres":
      return (await import("./postgres.ts")).openPostgres(address);
    case "mysql":
      return (await import("./mysql.ts")).openMysql(address);
    case "mongodb":
      return (await import("./mongo.ts")).openMongo(address);
    default:
      return (await import("./neo4j.ts")).openNeo4j(address);
  }
}
