import {
  CommandError,
  type ErrorCode,
  StoreError,
  type StoreErrorFacts,
} from "../../core/errors.ts";
import { LOST_SOCKET } from "../lost_socket.ts";
import { ER_SP_DOES_NOT_EXIST, RolledBackError } from "./mysql_executor.ts";

/** What was tried when it failed. */
export type Attempt = {
  /** The name of the provider's method. */
  what: string;
  /** The names that a caller needs to act on an error. */
  facts?: StoreErrorFacts | undefined;
  /** A lost connection leaves open whether it was committed. */
  mayBeCommitted?: boolean;
};

/** What repairs a table that evtstore 12 made. */
export const REPAIR =
  "stop the writers of older versions and run migrate({ …, rebuild: true })";

const MIGRATE = "run migrate() of this provider first";
const GRANT = "grant it to the user of this connection";
const COLUMN = "a column has another type than migrate() gives it; change it";

/** The server's error numbers, the code they become, and what to do. */
const NUMBERS: readonly [number[], ErrorCode, string][] = [
  [[1146, 1054, 1049], "NOT_MIGRATED", MIGRATE],
  [
    [1213, 1020],
    "TRANSACTION_CONFLICT",
    "the transaction was in the way of another one; run it again",
  ],
  [
    [1205, 3572],
    "LOCK_TIMEOUT",
    "another transaction kept a lock; look for one that does not end",
  ],
  [
    [1021, 1026, 1114],
    "STORE_FULL",
    "nothing was stored, so try again when there is room",
  ],
  [
    [1836, 1792, 1874],
    "READ_ONLY",
    "connect to the primary, with a user that may write",
  ],
  [
    [1040, 1203, 1226],
    "STORE_BUSY",
    "use fewer connections, or allow more of them",
  ],
  [
    [1206, 1317, 1969, 3024],
    "STORE_BUSY",
    "the server is short of something or was told to stop it; try again later",
  ],
  [
    [1153],
    "INVALID_INPUT",
    "the events are larger than the server takes at once; raise max_allowed_packet",
  ],
  [[1406], "INVALID_INPUT", `the column is shorter than this text; ${REPAIR}`],
  [
    [1300, 1366, 3988],
    "INVALID_INPUT",
    `the column cannot hold this text; ${REPAIR}`,
  ],
  [[1044, 1045, 1142, 1143, 1227, 1370, 1410], "STORE_FAILED", GRANT],
  [[1048, 1264, 1265, 1292, 1364], "STORE_FAILED", COLUMN],
  [
    [1665],
    "STORE_FAILED",
    "a transaction of this library is READ COMMITTED, which needs binlog_format = ROW or MIXED",
  ],
];

/** The server runs with an option that forbids the statement. */
const ER_OPTION_PREVENTS_STATEMENT = 1290;
/** The value is not one of the column's type or character set. */
const ER_TRUNCATED_WRONG_VALUE_FOR_FIELD = 1366;
/** An error of a storage engine, with the system's own number in its text. */
const ER_GET_ERRNO = 1030;

/** Error numbers of a session that is over. */
const LOST_NUMBERS = new Set([
  1053,
  1077,
  1079,
  1080,
  1152,
  1158,
  1159,
  1160,
  1161,
  1184,
  1927,
  2006,
  2013,
  4031,
]);
const LOST = new Set([
  "PROTOCOL_CONNECTION_LOST",
  "PROTOCOL_ENQUEUE_AFTER_FATAL_ERROR",
  "PROTOCOL_ENQUEUE_AFTER_QUIT",
  ...LOST_SOCKET,
]);
/** Connecting failed, so no statement was sent. */
const REFUSED = new Set([
  "ECONNREFUSED",
  "ENOTFOUND",
  "EHOSTUNREACH",
  "EAI_AGAIN",
]);
const LOST_TEXT = /closed state|connection (lost|is closed)/i;
const CLOSED_TEXT = /unable to acquire a connection/i;
const NO_CONNECTION = /Timeout acquiring a connection/;

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
  if (error instanceof RolledBackError) {
    const { cause } = error;
    if (cause !== undefined && errnoOf(cause) !== ER_SP_DOES_NOT_EXIST) {
      return toStoreError(cause, { ...attempt, mayBeCommitted: false });
    }
    return fail(
      "TRANSACTION_ENDED",
      "its transaction was over before its work was; let the error of a deadlock through, change no tables in it, and do not commit or roll it back yourself",
    );
  }
  const text = error instanceof Error ? error.message : "";
  if (CLOSED_TEXT.test(text)) {
    return fail("STORE_CLOSED", "the client is closed; use one that is open");
  }
  if (NO_CONNECTION.test(text)) {
    return fail(
      "STORE_BUSY",
      `${text}; look for transactions that do not end, or use a larger pool`,
    );
  }
  if (REFUSED.has(codeOf(error))) {
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
  if (!isServerError(error)) return error;
  const number = errnoOf(error);
  if (number === ER_OPTION_PREVENTS_STATEMENT && /read.only/i.test(text)) {
    return fail("READ_ONLY", `${text}; connect to the primary`);
  }
  // ENOSPC and EDQUOT.
  if (number === ER_GET_ERRNO && /error (28|122)\b/.test(text)) {
    return fail("STORE_FULL", `${text}; try again when there is room`);
  }
  // One number for what a column of text and one of numbers cannot hold.
  if (number === ER_TRUNCATED_WRONG_VALUE_FOR_FIELD && !/string/i.test(text)) {
    return fail("STORE_FAILED", `${text}; ${COLUMN}`);
  }
  const known = NUMBERS.find(([numbers]) => numbers.includes(number));
  return known
    ? fail(known[1], `${text}; ${known[2]}`)
    : fail("STORE_FAILED", text);
}

/** The server's number of an error, or 0. */
export function errnoOf(error: unknown): number {
  const errno = (error as { errno?: unknown } | null)?.errno;
  return typeof errno === "number" ? errno : 0;
}

/** Whether the database refused the statement, so that nothing is stored. */
export function isRefused(error: unknown): boolean {
  return isServerError(error) && !isLost(error);
}

/** Whether a unique index refused it; only that statement was undone. */
export function isDuplicate(error: unknown): boolean {
  return isServerError(error) && errnoOf(error) === 1062;
}

/** Whether the database rolled the whole transaction back for another one. */
export function isConflict(error: unknown): boolean {
  return isServerError(error) && [1213, 1020].includes(errnoOf(error));
}

/** Whether it waited too long for a lock; only that statement was undone. */
export function isLockTimeout(error: unknown): boolean {
  return isServerError(error) && [1205, 3572].includes(errnoOf(error));
}

/** Whether a conflict is what it, or something that it came of, is. */
export function comesOfConflict(error: unknown, depth = 0): boolean {
  if (isConflict(error)) return true;
  const { cause } = (error ?? {}) as { cause?: unknown };
  return depth < 5 && cause !== undefined && comesOfConflict(cause, depth + 1);
}

/** Whether the connection is over. */
export function isLost(error: unknown): boolean {
  if (LOST.has(codeOf(error))) return true;
  if (isServerError(error)) return LOST_NUMBERS.has(errnoOf(error));
  return error instanceof Error && LOST_TEXT.test(error.message);
}

function codeOf(error: unknown): string {
  const code = (error as { code?: unknown } | null)?.code;
  return typeof code === "string" ? code : "";
}

// Only errors that the server has sent have a state.
function isServerError(error: unknown): boolean {
  return typeof (error as { sqlState?: unknown } | null)?.sqlState === "string";
}
