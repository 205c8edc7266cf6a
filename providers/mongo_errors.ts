import {
  CommandError,
  type ErrorCode,
  StoreError,
  type StoreErrorFacts,
} from "../core/errors.ts";
import { LOST_SOCKET } from "./lost_socket.ts";

const DUPLICATE_KEY = 11000;
const MAX_TIME_EXPIRED = 50;
const WRITE_CONFLICT = 112;
const NO_SUCH_TRANSACTION = 251;
const TOO_LARGE = new Set([10334, 17419, 17420, 16755]);
const DISK_FULL = 14031;
const NO_COLLECTION = 26;

/** The primary has changed or ends: whoever asks again finds the new one. */
const NO_PRIMARY = new Set([6, 7, 89, 91, 189, 9001, 10107, 11600, 11602]);
const NOT_SENT = new Set([
  "MongoServerSelectionError",
  "MongoPoolClearedError",
  "MongoWaitQueueTimeoutError",
  "PoolClearedError",
  "PoolClearedOnNetworkError",
]);
const CLOSED = new Set([
  "MongoClientClosedError",
  "MongoNotConnectedError",
  "MongoTopologyClosedError",
  "MongoPoolClosedError",
  "PoolClosedError",
]);

/**
 * Codes of a socket. The driver hands its socket's own error on where it waits
 * for room to write, with neither a name nor a label of its own.
 */
const SOCKET = new Set([...LOST_SOCKET, "ERR_STREAM_DESTROYED"]);

const RANGE_ERROR = /^(BSON)?(Offset|Range)Error$/;
const OWN_KEYS = new Set([
  "_id",
  "position",
  "stream,position",
  "stream,aggregateId,version",
  "stream,aggregateId,commandId",
]);

type Facts = {
  name?: unknown;
  code?: unknown;
  message?: unknown;
  cause?: unknown;
  hasErrorLabel?: unknown;
};

/** Why a document was not stored: an entry of `writeErrors`. */
export type WriteError = {
  index: number;
  code: number;
  errmsg?: string;
  keyPattern?: { [key: string]: unknown };
};

/** A write that the server refused, in the raw reply of a command. */
export class WriteRefusal extends Error {
  override name = "WriteRefusal";
  /** What the server says of it. */
  readonly refusal: WriteError;
  /** The server's code. */
  readonly code: number;

  /** @param refusal What the server says of it. */
  constructor(refusal: WriteError) {
    super(refusal.errmsg ?? `write error ${refusal.code}`);
    this.refusal = refusal;
    this.code = refusal.code;
  }
}

/** The server has not answered in time, and may yet do what it was asked. */
export class NoAnswer extends Error {
  override name = "NoAnswer";

  /** Makes the error. */
  constructor() {
    super("the server has not answered in time");
  }
}

/** Whether the position was taken by another writer. */
export function isSlotTaken({ code, keyPattern = {} }: WriteError): boolean {
  const keys = Object.keys(keyPattern).join();
  return code === DUPLICATE_KEY &&
    (keys === "position" || keys === "stream,position");
}

/** Whether an index refused a document that is none of this library. */
export function isForeignKey({ code, keyPattern }: WriteError): boolean {
  return code === DUPLICATE_KEY && keyPattern !== undefined &&
    !OWN_KEYS.has(Object.keys(keyPattern).join());
}

/** Whether a unique index refused a document. */
export function isDuplicateKey(error: unknown): boolean {
  return codeOf(error) === DUPLICATE_KEY;
}

/** Whether the transaction left nothing behind and can be run again. */
export function isTransient(error: unknown, depth = 0): boolean {
  if (hasLabel(error, "TransientTransactionError")) return true;
  // What only a new transaction can see.
  if (codeOf(error) === "TRANSACTION_CONFLICT") return true;
  const { cause } = (error ?? {}) as Facts;
  // Whoever ran our code in his own may have wrapped the driver's error.
  return cause !== undefined && depth < 5 && isTransient(cause, depth + 1);
}

/** Whether a commit may have happened. */
export function isUnknownCommit(error: unknown): boolean {
  return hasLabel(error, "UnknownTransactionCommitResult") || isLost(error);
}

/** Whether the transaction is not there any more. */
export function isTransactionGone(error: unknown, depth = 0): boolean {
  if (codeOf(error) === NO_SUCH_TRANSACTION) return true;
  const { cause } = (error ?? {}) as Facts;
  return cause !== undefined && depth < 5 &&
    isTransactionGone(cause, depth + 1);
}

/** Whether another writer was in the way, and a later try may succeed. */
export function isBusy(error: unknown): boolean {
  return codeOf(error) === WRITE_CONFLICT || isLate(error);
}

/** Whether the server gave up waiting, or did not answer in time. */
export function isLate(error: unknown): boolean {
  return codeOf(error) === MAX_TIME_EXPIRED || error instanceof NoAnswer;
}

/** Whether the server could not be asked, or did not answer. */
export function isLost(error: unknown): boolean {
  const { name, code } = (error ?? {}) as Facts;
  const text = String(name);
  return NOT_SENT.has(text) || text.startsWith("MongoNetwork") ||
    NO_PRIMARY.has(code as number) || SOCKET.has(code as string) ||
    hasLabel(error, "RetryableWriteError");
}

/** Whether the server cannot have been asked. */
export function isNotSent(error: unknown): boolean {
  return NOT_SENT.has(String((error as Facts | null)?.name));
}

/** Whether a document, or all of them together, have too many bytes. */
export function isTooLarge(error: unknown): boolean {
  const { name, message } = (error ?? {}) as Facts;
  return TOO_LARGE.has(codeOf(error) as number) ||
    /too large|larger than/i.test(String(message)) ||
    // The driver's buffer ends before the server is asked.
    RANGE_ERROR.test(String(name));
}

/**
 * The driver's error as one of the library, with the driver's as its cause.
 * What is no error of the driver is given back as it is.
 *
 * @param what What was tried.
 */
export function toStoreError(
  what: string,
  error: unknown,
  facts: StoreErrorFacts = {},
): unknown {
  if (error instanceof StoreError || error instanceof CommandError) {
    return error;
  }
  if (!isOfDriver(error)) return error;
  const all = { ...facts, cause: error };
  const reason = String((error as Facts | null)?.message ?? error);
  const failed = (code: ErrorCode, advice: string) =>
    new StoreError(code, `Cannot run ${what}: ${reason}${advice}`, all);
  if (CLOSED.has(String((error as Facts | null)?.name))) {
    return failed("STORE_CLOSED", "; the client is closed");
  }
  if (isTransactionGone(error)) {
    return failed(
      "TRANSACTION_ENDED",
      "; the server has ended it: after an error in it, or because it took too long",
    );
  }
  if (isTransient(error)) {
    return failed("TRANSACTION_CONFLICT", "; run the transaction again");
  }
  if (isLost(error)) return failed("CONNECTION_LOST", "");
  if (isBusy(error)) {
    return failed("STORE_BUSY", "; another transaction is in the way");
  }
  if (isTooLarge(error)) {
    return failed(
      "INVALID_INPUT",
      "; MongoDB holds documents of at most 16 MiB",
    );
  }
  const code = codeOf(error);
  if (code === DISK_FULL) return failed("STORE_FULL", "");
  if (code === NO_COLLECTION) {
    return failed("NOT_MIGRATED", "; run migrate() of this provider first");
  }
  return failed("STORE_FAILED", "");
}

function hasLabel(error: unknown, label: string): boolean {
  const own = error as { hasErrorLabel?(label: string): boolean } | null;
  return typeof own?.hasErrorLabel === "function" && own.hasErrorLabel(label);
}

function codeOf(error: unknown): unknown {
  return (error as Facts | null)?.code;
}

function isOfDriver(error: unknown): boolean {
  const name = String((error as Facts | null)?.name);
  return SOCKET.has(codeOf(error) as string) || error instanceof WriteRefusal ||
    error instanceof NoAnswer ||
    /^(Mongo|BSON|PoolC)/.test(name) ||
    RANGE_ERROR.test(name);
}
