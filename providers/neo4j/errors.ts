import {
  CommandError,
  type ErrorCode,
  StoreError,
  type StoreErrorFacts,
} from "../../core/errors.ts";

/** What was tried when it failed. */
export type Attempt = {
  /** The name of the provider's method. */
  what: string;
  /** The names that a caller needs to act on an error. */
  facts?: StoreErrorFacts | undefined;
  /** A lost connection leaves open whether it was committed. */
  mayBeCommitted?: boolean;
  /** The transaction that it was part of; its time is limited as a whole. */
  tx?: unknown;
};

/** migrate() has not been run, or not to its end. */
export function notMigrated(what: string): StoreError {
  return new StoreError(
    "NOT_MIGRATED",
    `Cannot run ${what}: there is no counter of events that is ready; run migrate() of this provider to its end first`,
  );
}

/** evtstore 12 has stored events since migrate(), which have no position. */
export function foreignWriter(what: string, stream?: string): StoreError {
  return new StoreError(
    "FOREIGN_WRITER",
    `Cannot run ${what}: events were stored that did not get their position from this library; stop every process that writes with evtstore 12, then run migrate(), which puts them behind the others`,
    stream === undefined ? {} : { stream },
  );
}

const CONSTRAINT = "Neo.ClientError.Schema.ConstraintValidationFailed";
const LOCK_CODES =
  /TransactionTimedOut|LockAcquisitionTimeout|LockClientStopped|Transaction\.Terminated|TransactionTerminated/;
const LOST_CODES = new Set(["ServiceUnavailable", "SessionExpired"]);
const NOT_SENT =
  /failed to connect|ECONNREFUSED|ENOTFOUND|EHOSTUNREACH|could not perform discovery|no routing servers|refused/i;
const POOL_CLOSED = /pool is closed|driver.*closed|session.*closed/i;
const POOL_FULL = /connection acquisition timed out/i;
const TRANSACTION_OVER =
  /in this transaction, because|commit this transaction, because|transaction.*(closed|committed|rolled back)/i;

/** Whether it broke a uniqueness constraint. */
export function isConstraintViolation(error: unknown): boolean {
  return codeOf(error) === CONSTRAINT;
}

/** Whether the server refused the query itself, and not its circumstances. */
export function isRefusal(error: unknown): boolean {
  return /^Neo\.(ClientError|DatabaseError)\./.test(codeOf(error)) &&
    !isLockTimeout(error);
}

/** Whether nothing of it was stored, and another try may succeed. */
export function isTransient(error: unknown): boolean {
  if (isLockTimeout(error) || isLost(error)) return false;
  // Renamed in driver 5; under Deno its own retries do not see either.
  const { retryable, retriable } = (error ?? {}) as {
    retryable?: boolean;
    retriable?: boolean;
  };
  return (retryable ?? retriable) === true ||
    codeOf(error).startsWith("Neo.TransientError.");
}

/** Whether the connection was lost, or there was none. */
export function isLost(error: unknown): boolean {
  if (isBrokenHandshake(error) || isClosedByServer(error)) return true;
  return LOST_CODES.has(codeOf(error)) && !POOL_FULL.test(text(error)) &&
    !POOL_CLOSED.test(text(error));
}

/** Whether the connection was lost with the query already under way. */
export function isLostUnderWay(error: unknown): boolean {
  return isLost(error) && !isBrokenHandshake(error) &&
    !NOT_SENT.test(text(error));
}

/**
 * The driver's error as one of the library, with the driver's as its cause.
 * What is no error of the driver is given back as it is.
 */
export function toStoreError(error: unknown, attempt: Attempt): unknown {
  if (error instanceof StoreError || error instanceof CommandError) {
    return error;
  }
  // Under Deno no error is an instance of the driver's class.
  const isOfDriver =
    (error as { name?: unknown } | null)?.name === "Neo4jError";
  if (!isOfDriver && !isBrokenHandshake(error)) return error;
  const facts = { ...attempt.facts, cause: error };
  const fail = (code: ErrorCode, reason: string) =>
    new StoreError(code, `Cannot run ${attempt.what}: ${reason}`, facts);
  const reason = text(error);
  if (attempt.tx !== undefined && codeOf(error).includes("TimedOut")) {
    return fail(
      "TRANSACTION_ENDED",
      "its transaction took longer than it may, or waited that long for another one, and nothing of it is stored; make it shorter, or raise transactionTimeoutMs",
    );
  }
  if (isLockTimeout(error)) {
    return fail(
      "LOCK_TIMEOUT",
      "another transaction kept a lock, or it took too long; look for a transaction that does not end",
    );
  }
  // A server whose disk is full says in the same words that it cannot commit.
  const isOfDatabase = codeOf(error).startsWith("Neo.DatabaseError.");
  if (!isOfDatabase && TRANSACTION_OVER.test(reason)) {
    return fail(
      "TRANSACTION_ENDED",
      "its transaction is over, or a query of it failed and the error was swallowed; await everything that uses it, and let such an error through",
    );
  }
  if (POOL_CLOSED.test(reason)) {
    return fail("STORE_CLOSED", "the driver is closed; use one that is open");
  }
  if (POOL_FULL.test(reason)) {
    return fail(
      "STORE_BUSY",
      `${reason}; look for transactions that do not end, or use a larger pool`,
    );
  }
  if (isLost(error)) {
    return attempt.mayBeCommitted
      ? fail(
        "OUTCOME_UNKNOWN",
        `the connection was lost before the answer came (${reason}); read again to see whether it was stored`,
      )
      : fail("CONNECTION_LOST", `${reason}; nothing was stored`);
  }
  if (isTransient(error)) {
    return fail(
      "TRANSACTION_CONFLICT",
      `it was in the way of another transaction (${reason}); run it again`,
    );
  }
  return fail("STORE_FAILED", reason);
}

/**
 * The driver reads the server's first answer as if it were whole, and fails
 * when the connection ends within it. Nothing was sent by then.
 */
function isBrokenHandshake(error: unknown): boolean {
  return /^ERR_(OUT_OF_RANGE|BUFFER_OUT_OF_BOUNDS)$/.test(codeOf(error)) &&
    /neo4j-driver/.test((error as Error).stack ?? "");
}

/** Between the first answer and the login the driver has another code for it. */
function isClosedByServer(error: unknown): boolean {
  return codeOf(error) === "ProtocolError" &&
    /connection was closed/i.test(text(error));
}

function isLockTimeout(error: unknown): boolean {
  return LOCK_CODES.test(codeOf(error));
}

function codeOf(error: unknown): string {
  const code = (error as { code?: unknown } | null)?.code;
  return typeof code === "string" ? code : "";
}

function text(error: unknown): string {
  return error instanceof Error ? error.message : "";
}
