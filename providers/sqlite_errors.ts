import { type Clock, systemClock } from "../core/clock.ts";
import { StoreError, type StoreErrorFacts } from "../core/errors.ts";

/** How long an operation waits for other processes, in milliseconds. */
export const BUSY_MS = 10_000;

const SQLITE_BUSY = 5;
const SQLITE_FULL = 13;
const SQLITE_LOCKED_SHAREDCACHE = 262;

/**
 * Tries until no other process is in the way. The pauses are random and the
 * event loop is free in them: SQLite's own waiting blocks it, and lets one
 * process starve the others.
 *
 * @param what What is tried, for the error.
 * @param attempt One try, which leaves nothing behind when it throws.
 * @throws {StoreError} `STORE_BUSY` after ten seconds.
 */
export async function patiently<T>(
  what: string,
  attempt: () => T,
  clock: Clock = systemClock,
): Promise<T> {
  const start = clock.monotonic();
  for (;;) {
    try {
      return attempt();
    } catch (error) {
      if (!isBusy(error)) throw error;
      if (clock.monotonic() - start >= BUSY_MS) {
        throw new StoreError(
          "STORE_BUSY",
          `Cannot run ${what}: another process has kept the database locked for ${BUSY_MS} ms; look for a transaction that waits for something else`,
          { cause: error },
        );
      }
    }
    await clock.sleep(clock.random() * 5);
  }
}

/** Whether another connection was in the way, and a later try may succeed. */
export function isBusy(error: unknown): boolean {
  const code = errcodeOf(error);
  if (code === undefined) {
    return /database (table )?is locked/.test(text(error));
  }
  return (code & 0xff) === SQLITE_BUSY || code === SQLITE_LOCKED_SHAREDCACHE;
}

/**
 * The driver's error as one of the library, with the driver's as its cause.
 * What is no error of the database is given back as it is.
 *
 * @param what What was tried.
 * @param path The file: a new and empty one tells of a path that is wrong.
 */
export function toStoreError(
  what: string,
  error: unknown,
  { path, facts = {} }: {
    path?: string | undefined;
    facts?: StoreErrorFacts | undefined;
  } = {},
): unknown {
  const code = (error as { code?: unknown } | null)?.code;
  if (code !== "ERR_SQLITE_ERROR" && code !== "ERR_INVALID_STATE") return error;
  const reason = text(error);
  const all = { ...facts, cause: error };
  if (isClosed(error)) {
    return new StoreError(
      "STORE_CLOSED",
      `Cannot run ${what}: the database is closed; create a new provider`,
      all,
    );
  }
  if (errcodeOf(error) === SQLITE_FULL || /disk is full/.test(reason)) {
    return new StoreError(
      "STORE_FULL",
      `Cannot run ${what}: the disk or the database is full; nothing was stored, so try again when there is room`,
      all,
    );
  }
  const where = path === undefined ? "" : ` on ${path}`;
  if (/^no such (table|column)|has no column named/.test(reason)) {
    return new StoreError(
      "NOT_MIGRATED",
      `Cannot run ${what}${where}: ${reason}; run migrate() of this provider first`,
      all,
    );
  }
  return new StoreError(
    "STORE_FAILED",
    `Cannot run ${what}${where}: ${reason}`,
    all,
  );
}

/** The client is in a transaction that somebody else began. */
export function foreignTransaction(what: string): StoreError {
  return new StoreError(
    "TRANSACTION_FOREIGN",
    `Cannot run ${what}: the client is in a transaction that the provider did not begin; use provider.transact(), or a client of its own for each`,
  );
}

/** The transaction is over before whoever began it ended it. */
export function endedTransaction(what: string): StoreError {
  return new StoreError(
    "TRANSACTION_ENDED",
    `Cannot run ${what}: its transaction was ended by somebody else; do not commit or roll it back yourself, and do not swallow an error that the database answers by a rollback, such as that of a full disk`,
  );
}

/** The provider was closed. */
export function closed(what: string): StoreError {
  return new StoreError(
    "STORE_CLOSED",
    `Cannot run ${what}: the provider is closed; create a new one, or close it last, when commands are awaited and handlers stopped`,
  );
}

function isClosed(error: unknown): boolean {
  return (error as { code?: unknown }).code === "ERR_INVALID_STATE" ||
    /database is not open|database connection is closed/.test(text(error));
}

// Statements carry `errcode`; in Deno what `exec` throws has a text only.
function errcodeOf(error: unknown): number | undefined {
  return (error as { errcode?: number } | null)?.errcode;
}

function text(error: unknown): string {
  return error instanceof Error ? error.message : "";
}
