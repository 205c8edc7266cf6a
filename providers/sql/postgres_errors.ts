import {
  CommandError,
  type ErrorCode,
  StoreError,
  type StoreErrorFacts,
} from "../../core/errors.ts";
import { LOST_SOCKET } from "../lost_socket.ts";
import { UncommittedError } from "./postgres_executor.ts";

/** What was tried when it failed. */
export type Attempt = {
  /** The name of the provider's method. */
  what: string;
  /** The names that a caller needs to act on an error. */
  facts?: StoreErrorFacts | undefined;
  /** A lost connection leaves open whether it was committed. */
  mayBeCommitted?: boolean;
};

/** SQLSTATE, or the beginning of it, to the code and what to do. */
const STATES: readonly [string, ErrorCode, string][] = [
  ["42P01", "NOT_MIGRATED", "run migrate() of this provider first"],
  ["42703", "NOT_MIGRATED", "run migrate() of this provider first"],
  [
    "3F000",
    "NOT_MIGRATED",
    "create the schema, and run migrate() of this provider",
  ],
  [
    "40001",
    "TRANSACTION_CONFLICT",
    "the transaction was in the way of another one; run it again",
  ],
  ["40P01", "TRANSACTION_CONFLICT", "run the transaction again"],
  [
    "25P02",
    "TRANSACTION_ENDED",
    "a statement of this transaction failed before; do not go on after one has",
  ],
  [
    "25P03",
    "TRANSACTION_ENDED",
    "it lay idle for too long; do less inside it, or raise transactionTimeoutMs",
  ],
  [
    "25P04",
    "TRANSACTION_ENDED",
    "it took too long; do less inside it, or raise transaction_timeout",
  ],
  [
    "25006",
    "READ_ONLY",
    "connect to the primary, with a role that may write",
  ],
  [
    "55P03",
    "LOCK_TIMEOUT",
    "another transaction kept a lock; look for one that does not end",
  ],
  [
    "57014",
    "STORE_BUSY",
    "it was cancelled; look for a lock that is not given back, or raise statement_timeout",
  ],
  ["53300", "STORE_BUSY", "use fewer connections, or allow more of them"],
  [
    "53100",
    "STORE_FULL",
    "nothing was stored, so try again when there is room",
  ],
  ["53", "STORE_BUSY", "the server is short of something; try again later"],
  [
    "22001",
    "INVALID_INPUT",
    "the column is shorter than this text; change its type to text",
  ],
  [
    "22021",
    "INVALID_INPUT",
    "the database's encoding cannot hold this text; use one in UTF8",
  ],
  [
    "22P05",
    "INVALID_INPUT",
    "the database's encoding cannot hold this text; use one in UTF8",
  ],
  [
    "26000",
    "STORE_FAILED",
    "something between here and the server does not keep prepared statements; create the provider with prepare: false",
  ],
  [
    "42P05",
    "STORE_FAILED",
    "something between here and the server does not keep prepared statements apart; create the provider with prepare: false",
  ],
  [
    "42804",
    "STORE_FAILED",
    "a column has another type than migrate() gives it; change it",
  ],
  [
    "42883",
    "STORE_FAILED",
    "a column has another type than migrate() gives it; change it",
  ],
  ["42501", "STORE_FAILED", "grant it to the role of this connection"],
];

/** SQLSTATEs of a session that is over, beside class 08. */
const LOST_STATES = ["57P01", "57P02", "57P05", "40003"];
/** Connecting failed, so no statement was sent. */
const REFUSED = new Set([
  "ECONNREFUSED",
  "ENOTFOUND",
  "EHOSTUNREACH",
  "CONNECT_TIMEOUT",
  "57P03",
  "08001",
  "08004",
]);
const LOST = new Set([
  ...LOST_SOCKET,
  "CONNECTION_CLOSED",
  "CONNECTION_DESTROYED",
]);
const CLOSED = /after calling end|was closed and is not queryable/;
const LOST_TEXT = /connection (terminated|ended|error)|not queryable/i;
const NO_CONNECTION =
  /timeout exceeded when trying to connect|Timeout acquiring a connection/;

/**
 * The driver's error as one of the library, with the driver's as its cause.
 * What is no error of the database is given back as it is.
 */
export function toStoreError(error: unknown, attempt: Attempt): unknown {
  if (error instanceof StoreError || error instanceof CommandError) {
    return error;
  }
  const { what, mayBeCommitted } = attempt;
  const facts = { ...attempt.facts, cause: error };
  const fail = (code: ErrorCode, reason: string) =>
    new StoreError(code, `Cannot run ${what}: ${reason}`, facts);
  if (error instanceof UncommittedError) {
    const { cause } = error;
    return isLost(cause) || codeOf(cause).startsWith("25P")
      ? toStoreError(cause, { ...attempt, mayBeCommitted: false })
      : fail(
        "TRANSACTION_ENDED",
        "a statement of the transaction failed and the error was swallowed, so PostgreSQL has rolled it back; let such an error through, or use a savepoint",
      );
  }
  const text = error instanceof Error ? error.message : "";
  const code = codeOf(error);
  if (CLOSED.test(text) || code === "CONNECTION_ENDED") {
    return fail("STORE_CLOSED", "the client is closed; use one that is open");
  }
  if (NO_CONNECTION.test(text)) {
    return fail(
      "STORE_BUSY",
      `${text}; look for transactions that do not end, or use a larger pool`,
    );
  }
  if (REFUSED.has(code)) {
    return fail("CONNECTION_LOST", `${text}; nothing was stored`);
  }
  if (isLost(error)) {
    return mayBeCommitted
      ? fail(
        "OUTCOME_UNKNOWN",
        `the connection was lost before the answer came (${text}); read again to see whether it was stored`,
      )
      : fail("CONNECTION_LOST", `${text}; nothing was stored`);
  }
  const [, known, remedy] = STATES.find(([start]) => code.startsWith(start)) ??
    [];
  if (known && isServerError(error)) return fail(known, `${text}; ${remedy}`);
  return isServerError(error) ? fail("STORE_FAILED", text) : error;
}

/** Whether the database refused the statement, so that nothing is stored. */
export function isRefused(error: unknown): boolean {
  return isServerError(error) && !isLost(error);
}

/** Whether the database rolled it back in favour of another transaction. */
export function isConflict(error: unknown): boolean {
  const code = codeOf(error);
  return code === "40001" || code === "40P01";
}

/** Whether a conflict is what it, or something that it came of, is. */
export function comesOfConflict(error: unknown, depth = 0): boolean {
  if (isConflict(error)) return true;
  const { cause } = (error ?? {}) as { cause?: unknown };
  return depth < 5 && cause !== undefined && comesOfConflict(cause, depth + 1);
}

/** Whether a table was altered since the statement was prepared. */
export function isStalePlan(error: unknown): boolean {
  return codeOf(error) === "0A000" &&
    (error as { routine?: unknown }).routine === "RevalidateCachedQuery";
}

/** Whether the connection is over. */
export function isLost(error: unknown): boolean {
  const code = codeOf(error);
  if (LOST.has(code)) return true;
  if (isServerError(error)) {
    return code.startsWith("08") || LOST_STATES.includes(code);
  }
  return error instanceof Error && LOST_TEXT.test(error.message);
}

function codeOf(error: unknown): string {
  const code = (error as { code?: unknown } | null)?.code;
  return typeof code === "string" ? code : "";
}

// Only errors that the server has sent have a severity.
function isServerError(error: unknown): boolean {
  return typeof (error as { severity?: unknown } | null)?.severity === "string";
}
