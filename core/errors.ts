/**
 * Every `code` that an error of this library carries. `docs/errors.md` has a
 * heading for each.
 */
export type ErrorCode =
  | "VERSION_CONFLICT"
  | "DUPLICATE_COMMAND"
  | "REQUIREMENT_FAILED"
  | "ALREADY_RESERVED"
  | "INVALID_INPUT"
  | "INVALID_EVENT"
  | "INVALID_COMMAND"
  | "NOT_SUPPORTED"
  | "NOT_MIGRATED"
  | "RUNTIME_UNSUPPORTED"
  | "STORE_BUSY"
  | "STORE_FULL"
  | "STORE_CLOSED"
  | "STORE_FAILED"
  | "CONNECTION_LOST"
  | "OUTCOME_UNKNOWN"
  | "LOCK_TIMEOUT"
  | "READ_ONLY"
  | "HORIZON_HELD"
  | "ORDERING_LIMITED"
  | "NAME_COLLISION"
  | "VERSIONS_COLLIDE"
  | "FOREIGN_WRITER"
  | "BOOKMARK_MOVED"
  | "HANDLER_REENTERED"
  | "HANDLER_BEHIND"
  | "SNAPSHOT_STALE"
  | "SNAPSHOT_FAILED"
  | "EVENT_PARKED"
  | "SUBJECT_FORGOTTEN"
  | "CANNOT_DECRYPT"
  | "HANDLER_RETIRED"
  | "HANDLER_SHARDED"
  | "TAKE_OVER_WAITS"
  | "STOP_OVERDUE"
  | "TRANSACTION_JOINED"
  | "TRANSACTION_FOREIGN"
  | "TRANSACTION_ENDED"
  | "TRANSACTION_CONFLICT";

/**
 * Lets `instanceof` know the errors of another copy of this library: an
 * application can load it by `import` and by `require`, or in two versions. A
 * class that an application derives is compared as usual.
 */
export function knowAcrossCopies(
  name: string,
  errorClass: { readonly prototype: Error },
): void {
  // Not the name of the class, which a minifier changes.
  const brand = Symbol.for(`evtstore.${name}`);
  Object.defineProperty(errorClass.prototype, brand, { value: true });
  Object.defineProperty(errorClass, Symbol.hasInstance, {
    value(this: () => unknown, value: unknown): boolean {
      return this === errorClass
        ? typeof value === "object" && value !== null && brand in value
        : Function.prototype[Symbol.hasInstance].call(this, value);
    },
  });
}

/**
 * A command that the domain refuses. Command handlers throw it; callers tell
 * the reasons apart by `code`.
 *
 * @example
 * ```ts
 * import { CommandError } from "evtstore";
 * import assert from "node:assert/strict";
 *
 * const error = new CommandError("Account is closed", "CLOSED");
 * assert.equal(error.msg, "Account is closed");
 * assert.equal(error.code, "CLOSED");
 * ```
 */
export class CommandError extends Error {
  /** The name of the class. */
  override name = "CommandError";
  static {
    knowAcrossCopies("CommandError", this);
  }
  /** The same text as `message`. */
  msg: string;
  /** The reason, in a form that code can compare. */
  declare code?: string;

  /**
   * Makes a refusal.
   *
   * @param msg What the user did wrong, and what to do instead.
   * @param code The reason, in a form that code can compare.
   * @param options The error that led to this one, as `cause`.
   */
  constructor(msg: string, code?: string, options?: ErrorOptions) {
    super(msg, options);
    this.msg = msg;
    if (code !== undefined) this.code = code;
  }
}

/** Which append was refused, for {@linkcode VersionError}. */
export type VersionConflict = {
  /** The stream of the aggregate. */
  stream?: string;
  /** The aggregate that somebody else appended to first. */
  aggregateId?: string;
  /** The version that the command decided on. */
  expectedVersion?: number;
  /** The version that the aggregate has now, where it is known. */
  actualVersion?: number;
  /** The driver's own error. */
  cause?: unknown;
};

/**
 * Somebody else appended to the aggregate since the command read it, so
 * nothing was stored. Read the aggregate again and decide again:
 * `createCommands(…, { retries })` does that.
 *
 * @example
 * ```ts
 * import { VersionError } from "evtstore";
 * import assert from "node:assert/strict";
 *
 * const error = new VersionError("account ada", {
 *   stream: "accounts",
 *   aggregateId: "ada",
 *   expectedVersion: 3,
 *   actualVersion: 4,
 * });
 * assert.equal(error.message, "Version conflict error: account ada");
 * assert.equal(error.code, "VERSION_CONFLICT");
 * ```
 */
export class VersionError extends CommandError {
  /** The name of the class. */
  override name = "VersionError";
  static {
    knowAcrossCopies("VersionError", this);
  }
  /** Always this one code. */
  override code: "VERSION_CONFLICT" = "VERSION_CONFLICT" as const;
  /** The stream of the aggregate. */
  declare stream?: string;
  /** The aggregate that somebody else appended to first. */
  declare aggregateId?: string;
  /** The version that the command decided on. */
  declare expectedVersion?: number;
  /** The version that the aggregate has now, where it is known. */
  declare actualVersion?: number;

  /**
   * Makes a conflict.
   *
   * @param msg What was tried.
   * @param conflict Which append was refused.
   */
  constructor(msg?: string, conflict: VersionConflict = {}) {
    const { cause, ...facts } = conflict;
    super(
      msg ? `Version conflict error: ${msg}` : "Version conflict error",
      "VERSION_CONFLICT",
      cause === undefined ? undefined : { cause },
    );
    Object.assign(this, facts);
  }

  /** The error of an append that came second. */
  static of(conflict: VersionConflict): VersionError {
    const { stream, aggregateId, expectedVersion, actualVersion } = conflict;
    const actual = actualVersion === undefined
      ? "another command was faster"
      : `it is at version ${actualVersion}`;
    return new VersionError(
      `Cannot append to "${aggregateId}" of stream "${stream}" after version ${expectedVersion}: ${actual}`,
      conflict,
    );
  }
}

/** What a schema found wrong in a command, and where. */
export type CommandIssue = {
  /** The property, such as `lines[0].cents`; empty for the whole. */
  field: string;
  /** What is wrong, in the words of the schema. */
  message: string;
};

/**
 * What a command was called with is not what its schema describes. Nothing was
 * read or written.
 *
 * @example
 * ```ts
 * import { CommandError, InvalidCommandError } from "evtstore";
 * import assert from "node:assert/strict";
 *
 * const error = new InvalidCommandError("deposit", [
 *   { field: "cents", message: "Expected a number" },
 * ]);
 * assert.equal(error.message, 'Invalid command "deposit": cents: Expected a number');
 * assert.equal(error.field, "cents");
 * assert(error instanceof CommandError);
 * ```
 */
export class InvalidCommandError extends CommandError {
  /** The name of the class. */
  override name = "InvalidCommandError";
  static {
    knowAcrossCopies("InvalidCommandError", this);
  }
  /** Always this one code. */
  override code: "INVALID_COMMAND" = "INVALID_COMMAND" as const;
  /** The first property that is wrong. */
  field: string;
  /** All that is wrong. */
  issues: CommandIssue[];

  /**
   * Makes a refusal.
   *
   * @param command The name of the command.
   * @param issues What is wrong with it, at least one thing.
   */
  constructor(command: string, issues: CommandIssue[]) {
    const texts = issues.map(({ field, message }) =>
      field ? `${field}: ${message}` : message
    );
    super(
      `Invalid command "${command}": ${texts.join("; ")}`,
      "INVALID_COMMAND",
    );
    this.field = issues[0]?.field ?? "";
    this.issues = issues;
  }
}

/** The facts that a {@linkcode StoreError} may carry. */
export type StoreErrorFacts = {
  /** The name of the argument or property that was refused. */
  field?: string;
  /** The stream concerned. */
  stream?: string;
  /** The aggregate concerned. */
  aggregateId?: string;
  /** The bookmark concerned. */
  bookmark?: string;
  /** The command id concerned. */
  commandId?: string;
  /** The driver's own error. */
  cause?: unknown;
};

/**
 * The store could not do what was asked. `code` says why, and the message what
 * to do about it. It is never used for a version conflict.
 *
 * @example
 * ```ts
 * import { StoreError } from "evtstore";
 * import assert from "node:assert/strict";
 *
 * const error = new StoreError("NOT_MIGRATED", "Run migrate() first");
 * assert.equal(error.code, "NOT_MIGRATED");
 * assert(error instanceof Error);
 * ```
 */
export class StoreError extends Error {
  /** The name of the class. */
  override name = "StoreError";
  static {
    knowAcrossCopies("StoreError", this);
  }
  /** Why, in a form that code can compare. */
  code: ErrorCode;
  /** The name of the argument or property that was refused. */
  declare field?: string;
  /** The stream concerned. */
  declare stream?: string;
  /** The aggregate concerned. */
  declare aggregateId?: string;
  /** The bookmark concerned. */
  declare bookmark?: string;
  /** The command id concerned. */
  declare commandId?: string;

  /**
   * Makes an error of the store.
   *
   * @param code Why.
   * @param message What was tried, why it was refused, and what to do.
   * @param facts The names that a caller needs to act.
   */
  constructor(code: ErrorCode, message: string, facts: StoreErrorFacts = {}) {
    const { cause, ...rest } = facts;
    super(message, cause === undefined ? undefined : { cause });
    this.code = code;
    Object.assign(this, rest);
  }
}

/**
 * The command id was stored with this aggregate before. Commands answer it by
 * returning the aggregate; it reaches only callers of `provider.append`.
 */
export class DuplicateCommandError extends StoreError {
  /** The name of the class. */
  override name = "DuplicateCommandError";
  static {
    knowAcrossCopies("DuplicateCommandError", this);
  }

  /**
   * Makes the error of a repeat.
   *
   * @param facts The aggregate and the command id that stands there already.
   */
  constructor(facts: StoreErrorFacts) {
    super(
      "DUPLICATE_COMMAND",
      `Cannot append to "${facts.aggregateId}" of stream "${facts.stream}": command "${facts.commandId}" was stored there already`,
      facts,
    );
  }
}
