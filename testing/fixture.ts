import type { Provider } from "../core/provider.ts";

/**
 * What a provider can do beyond the members that evtstore 12 asked of one. A
 * fixture declares those that its provider has.
 *
 * - `compareAndSet`: `setPosition` honours `from` and says whether it moved.
 * - `metadata`: the metadata of an event is stored with it.
 * - `limitedReads`: `getEventsFor` honours `limit`.
 * - `refusesGaps`: an append beyond the next version is a `VersionError`.
 * - `scannedTo`: `getEventsFrom` says how far it looked.
 * - `watch`, `transact`, `records`, `findCommand`, `horizon`, `hold`,
 *   `catalog`: the
 *   provider has the member of that name.
 */
export type Capability =
  | "compareAndSet"
  | "metadata"
  | "limitedReads"
  | "refusesGaps"
  | "scannedTo"
  | "watch"
  | "transact"
  | "records"
  | "findCommand"
  | "horizon"
  | "hold"
  | "catalog";

/** Every {@linkcode Capability}, for a provider that has them all. */
export const allCapabilities: readonly Capability[] = [
  "compareAndSet",
  "metadata",
  "limitedReads",
  "refusesGaps",
  "scannedTo",
  "watch",
  "transact",
  "records",
  "findCommand",
  "horizon",
  "hold",
  "catalog",
];

/**
 * A small key-value table of the application in the same database, as a read
 * model would have one. It shows whether what a handler writes through the
 * driver's own transaction is committed and rolled back with it.
 */
export type Scratch<Tx = any> = {
  /** Writes a value through the driver's transaction. */
  write(tx: Tx, key: string, value: string): Promise<void>;
  /** Reads what is committed, or undefined. */
  read(key: string): Promise<string | undefined>;
};

/** A provider that is ready, and what the suite needs beside it. */
export type OpenedProvider<Tx = any> = {
  /** The provider that is tested. */
  provider: Provider<any, Tx>;
  /**
   * Opens one more provider on the same data, as another process would have.
   * Left out where data cannot be shared, as in memory.
   */
  another?(): Promise<Provider<any, Tx>>;
  /** Needed by a provider that declares `transact`. */
  scratch?: Scratch<Tx>;
  /** Closes everything that was opened. */
  close(): Promise<void>;
};

/** How to open a provider for {@linkcode testProvider}. */
export type ProviderFixture<Tx = any> = {
  /**
   * What the provider has. Each capability that is declared is tested, and a
   * case fails if the provider has one that is not declared.
   */
  capabilities: readonly Capability[];
  /** Opens the provider; its log may have other events already. */
  open(): Promise<OpenedProvider<Tx>>;
  /**
   * How long a case waits for what should happen soon, in milliseconds.
   * Default: 5,000.
   */
  patience?: number;
};
