import { systemClock } from "../core/clock.ts";
import {
  CommandError,
  StoreError,
  type StoreErrorFacts,
} from "../core/errors.ts";

/** How long an operation waits for other processes, in milliseconds. */
const BUSY_MS = 10_000;

/**
 * Tries until no other process is in the way; each pause is random, so that no
 * process is starved.
 *
 * @param what What is tried, for the error.
 * @param attempt One try, which leaves nothing behind when it throws.
 * @throws {StoreError} `STORE_BUSY` after ten seconds.
 */
export async function patiently<T>(
  what: string,
  attempt: () => T | Promise<T>,
): Promise<T> {
  const start = systemClock.monotonic();
  for (;;) {
    try {
      return await attempt();
    } catch (error) {
      if (!isBusy(error)) throw error;
      if (systemClock.monotonic() - start >= BUSY_MS) {
        throw new StoreError(
          "STORE_BUSY",
          `Cannot run ${what}: another process has kept the database locked for ${BUSY_MS} ms; look for a transaction that waits for something else`,
          { cause: error },
        );
      }
    }
    await systemClock.sleep(systemClock.random() * 5);
  }
}

/**
 * The driver's error as one of the library, with the driver's as its cause.
 * What is no error of the database is given back as it is.
 */
export function toStoreError(
  what: string,
  error: unknown,
  facts: StoreErrorFacts = {},
): unknown {
  if (error instanceof StoreError || error instanceof CommandError) {
    return error;
  }
  const text = error instanceof Error ? error.message : "";
  const all = { ...facts, cause: error };
  const fail = (code: StoreError["code"], reason: string) =>
    new StoreError(code, `Cannot run ${what}: ${reason}`, all);
  if (/unable to acquire a connection|connection is not open/i.test(text)) {
    return fail("STORE_CLOSED", "the client is closed; use one that is open");
  }
  if (/Timeout acquiring a connection/.test(text)) {
    return fail(
      "STORE_BUSY",
      `${text}; SQLite has one connection, so give what runs inside a transaction its "tx"`,
    );
  }
  if (!isSqliteError(error)) return error;
  if (/database or disk is full/.test(text)) {
    return fail(
      "STORE_FULL",
      "the disk or the database is full; nothing was stored, so try again when there is room",
    );
  }
  if (/no such (table|column)|has no column named/.test(text)) {
    return fail(
      "NOT_MIGRATED",
      `${text}; run migrate() of this provider first`,
    );
  }
  if (/within a transaction/.test(text)) {
    return fail(
      "TRANSACTION_FOREIGN",
      "a connection of the pool is in a transaction that nobody has ended; use knex.transaction() for one",
    );
  }
  if (/no (transaction is active|such savepoint)/.test(text)) {
    return endedTransaction(what);
  }
  return fail("STORE_FAILED", text);
}

/** The transaction is over before whoever began it ended it. */
export function endedTransaction(what: string): StoreError {
  return new StoreError(
    "TRANSACTION_ENDED",
    `Cannot run ${what}: its transaction was ended before its work was; do not commit or roll it back yourself, and do not swallow an error that the database answers by a rollback, such as that of a full disk`,
  );
}

function isBusy(error: unknown): boolean {
  return isSqliteError(error) &&
    /database (table )?is locked/.test((error as Error).message);
}

// better-sqlite3 and sqlite3 have SQLITE_…, node:sqlite has ERR_SQLITE_ERROR.
function isSqliteError(error: unknown): boolean {
  const code = (error as { code?: unknown } | null)?.code;
  return error instanceof Error && typeof code === "string" &&
    /^(ERR_)?SQLITE_/.test(code);
}
