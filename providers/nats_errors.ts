import {
  CommandError,
  type ErrorCode,
  StoreError,
  type StoreErrorFacts,
} from "../core/errors.ts";
import { LOST_SOCKET } from "./lost_socket.ts";

const NO_MESSAGE = 10037;
const NO_STREAM = 10059;

/** The subject's newest message is another one, or one is on its way. */
const CONFLICT = new Set([10071, 10164]);

/** Refused for now: no leader, an election, or too much at once. */
const LATER = new Set([10008, 10009, 10041, 10118, 10158, 10167, 10194]);

/** No room: on the disk, in the account, or in the stream's own limit. */
const FULL = new Set([10023, 10028, 10047, 10077, 10110]);

const TOO_LARGE = 10054;

const CLOSED = ["ClosedConnectionError", "DrainingConnectionError"];
const DENIED = ["PermissionViolationError", "AuthorizationError"];
const NOT_SENT = [...DENIED, "DrainingConnectionError"];
/** The class has one name, and its errors have another. */
const NOBODY = ["NoResponders", "NoRespondersError"];
const OF_CLIENT = new Set([
  ...CLOSED,
  ...DENIED,
  ...NOBODY,
  "ConnectionError",
  "ProtocolError",
  "RequestError",
  "TimeoutError",
  "UserAuthenticationExpiredError",
]);

type Facts = { name?: unknown; code?: unknown; cause?: unknown };

/** JetStream's own answer that something cannot be done. */
export class ApiError extends Error {
  override name = "ApiError";
  /** JetStream's code, of five digits. */
  readonly code: number;

  /** @param error As JetStream has it. */
  constructor(error: { err_code?: number; description?: string }) {
    super(`${error.description} (${error.err_code})`);
    this.code = error.err_code ?? 0;
  }
}

/** The connection was lost before an answer came. */
export class LostConnection extends Error {
  override name = "LostConnection";

  /** Makes the error. */
  constructor() {
    super("the connection was lost before an answer came");
  }
}

/** There was no connection in time, so nothing was sent. */
export class NotConnected extends Error {
  override name = "NotConnected";

  /** Makes the error. */
  constructor() {
    super("there is no connection to a server");
  }
}

/** An answer of several messages came without its end, or not in one piece. */
export class IncompleteAnswer extends Error {
  override name = "IncompleteAnswer";

  /** Makes the error. */
  constructor() {
    super("the answer of the server has not come whole");
  }
}

/** Whether there is no such message. */
export function isNoMessage(error: unknown): boolean {
  return (error as Facts | null)?.code === NO_MESSAGE;
}

/** Whether there is no such stream. */
export function isNoStream(error: unknown): boolean {
  return (error as Facts | null)?.code === NO_STREAM;
}

/** Whether another message came before, or may have. */
export function isConflict(error: unknown): boolean {
  return error instanceof ApiError && CONFLICT.has(error.code);
}

/** Whether nobody took the request: nothing was stored by it. */
export function isNobody(error: unknown): boolean {
  return hasName(error, NOBODY);
}

/** Whether it was refused and stored nothing, and a later try may succeed. */
export function isRefusedForNow(error: unknown): boolean {
  return isNobody(error) || error instanceof NotConnected ||
    error instanceof ApiError && LATER.has(error.code);
}

/** Whether the answer is missing, so that nobody knows what was done. */
export function isUnanswered(error: unknown): boolean {
  return isOfClient(error) && !isNobody(error) && !hasName(error, NOT_SENT) ||
    error instanceof IncompleteAnswer || error instanceof LostConnection;
}

/** Whether the connection is closed, and will not open again. */
export function isClosed(error: unknown): boolean {
  return hasName(error, CLOSED);
}

/**
 * An error of NATS as one of the library, with it as its cause. What is no
 * error of NATS is given back as it is.
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
  const isOurs = [ApiError, IncompleteAnswer, LostConnection, NotConnected]
    .some((one) => error instanceof one);
  if (!isOurs && !isOfClient(error)) return error;
  const reason = String((error as Error).message) || (error as Error).name;
  const failed = (code: ErrorCode, advice = "") =>
    new StoreError(code, `Cannot run ${what}: ${reason}${advice}`, {
      ...facts,
      cause: error,
    });
  const code = error instanceof ApiError ? error.code : undefined;
  if (code === NO_STREAM) {
    return failed("NOT_MIGRATED", "; run migrate() of this provider first");
  }
  if (code !== undefined && FULL.has(code)) return failed("STORE_FULL");
  if (code === TOO_LARGE) {
    return failed("INVALID_INPUT", "; raise max_msg_size of the stream");
  }
  if (isConflict(error)) {
    return failed("STORE_BUSY", "; other writers were in the way");
  }
  if (isClosed(error)) return failed("STORE_CLOSED");
  if (isNobody(error)) {
    return failed(
      "CONNECTION_LOST",
      "; no server answers for the stream: it has no leader now, or JetStream is off",
    );
  }
  if (error instanceof NotConnected) return failed("CONNECTION_LOST");
  if (isRefusedForNow(error)) {
    return failed("STORE_BUSY", "; the servers elect a leader or are too busy");
  }
  if (isUnanswered(error)) return failed("CONNECTION_LOST");
  return failed("STORE_FAILED");
}

function isOfClient(error: unknown): boolean {
  const { name, code } = (error ?? {}) as Facts;
  return OF_CLIENT.has(String(name)) || LOST_SOCKET.includes(code as string);
}

function hasName(error: unknown, names: string[], depth = 0): boolean {
  const { name, cause } = (error ?? {}) as Facts;
  if (names.includes(String(name))) return true;
  return cause !== undefined && depth < 5 && hasName(cause, names, depth + 1);
}
