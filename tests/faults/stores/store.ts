import type { ErrorCallback, Provider } from "evtstore";

/** A provider that can do everything. */
export type FullProvider<Tx = any> =
  & Provider<any, Tx>
  & Required<
    Pick<
      Provider<any, Tx>,
      "watch" | "transact" | "records" | "findCommand" | "horizon" | "hold"
    >
  >;

/**
 * What a transactional handler writes: a line for each event that it was
 * given. Nothing refuses a line that is there already, so that it can be
 * counted.
 */
export type ReadModel<Tx = any> = {
  /** Adds a line in the handler's transaction. */
  add(tx: Tx, line: string): Promise<void>;
  /** All lines that are committed, in no order. */
  list(): Promise<string[]>;
};

/** One process's view of a database. */
export type Store<Tx = any> = {
  provider: FullProvider<Tx>;
  readModel: ReadModel<Tx>;
  /**
   * Takes connections of the provider's pool until none is left.
   *
   * @returns What gives them back. Absent where there is no pool, or where no
   * connection can be kept.
   */
  takeConnections?(): Promise<() => Promise<void>>;
  /** What the server calls the transaction; absent where it needs no name. */
  nameOf?(tx: Tx): string;
  /**
   * Does what an operator does about the transaction of a process that is
   * gone; absent where the server notices by itself.
   */
  endTransaction?(name: string): Promise<void>;
  /** Ends the connections. */
  close(): Promise<void>;
};

/** How a store is opened. */
export type StoreOptions = {
  /** The most connections. @default {10} */
  connections?: number;
  /** How long to wait for a free connection or a server, in milliseconds. */
  patience?: number;
  /** Hears of failures; nobody does unless given. */
  onError?: ErrorCallback;
  /** Whether PostgreSQL announces what is appended. @default {false} */
  notify?: boolean;
};

/** A place of a test's own in a database, empty and migrated. */
export type Place = {
  /** What `openStore` opens, in this process or another one. */
  address: string;
  /** Removes it with everything in it. */
  remove(): Promise<void>;
};

/** How a sort of database makes places, and opens them. */
export type StoreKind = {
  /** Makes a place, on a server where there is one. */
  create(server: string): Promise<Place>;
  /** Opens a place. */
  open(address: string, options: StoreOptions): Promise<Store>;
};
