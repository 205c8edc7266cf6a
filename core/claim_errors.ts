import { CommandError, knowAcrossCopies } from "./errors.ts";

/** What a command required of another aggregate, and what it found. */
export type RequirementFacts = {
  /** The stream of the other aggregate. */
  stream: string;
  /** The other aggregate. */
  aggregateId: string;
  /** The version that it had to have. */
  requiredVersion: number;
  /** The version that it has. */
  actualVersion: number;
};

/**
 * An aggregate that the command `requires` is at another version, so nothing
 * was stored. Read it again, and decide again whether the command still holds.
 *
 * @example
 * ```ts
 * import { RequirementError } from "evtstore";
 * import assert from "node:assert/strict";
 *
 * const error = new RequirementError({
 *   stream: "customers",
 *   aggregateId: "ada",
 *   requiredVersion: 3,
 *   actualVersion: 4,
 * });
 * assert.equal(
 *   error.message,
 *   'Cannot store the command: it requires "ada" of stream "customers" at version 3: it is at version 4',
 * );
 * assert.equal(error.code, "REQUIREMENT_FAILED");
 * ```
 */
export class RequirementError extends CommandError {
  /** The name of the class. */
  override name = "RequirementError";
  static {
    knowAcrossCopies("RequirementError", this);
  }
  /** Always this one code. */
  override code: "REQUIREMENT_FAILED" = "REQUIREMENT_FAILED" as const;
  /** The stream of the other aggregate. */
  stream: string;
  /** The other aggregate. */
  aggregateId: string;
  /** The version that it had to have. */
  requiredVersion: number;
  /** The version that it has. */
  actualVersion: number;

  /**
   * Makes a refusal.
   *
   * @param facts What was required, and what was found.
   */
  constructor(facts: RequirementFacts) {
    const { stream, aggregateId, requiredVersion, actualVersion } = facts;
    super(
      `Cannot store the command: it requires "${aggregateId}" of stream "${stream}" at version ${requiredVersion}: it is at version ${actualVersion}`,
      "REQUIREMENT_FAILED",
    );
    this.stream = stream;
    this.aggregateId = aggregateId;
    this.requiredVersion = requiredVersion;
    this.actualVersion = actualVersion;
  }
}

/** A key that is taken, and by whom. */
export type ReservationFacts = {
  /** The key. */
  key: string;
  /** The stream of the aggregate that has it. */
  stream: string;
  /** The aggregate that has it. */
  aggregateId: string;
};

/**
 * A key that the command reserves belongs to another aggregate, so nothing was
 * stored.
 *
 * @example
 * ```ts
 * import { ReservationError } from "evtstore";
 * import assert from "node:assert/strict";
 *
 * const error = new ReservationError({
 *   key: "email:ada@example.org",
 *   stream: "customers",
 *   aggregateId: "ada",
 * });
 * assert.equal(
 *   error.message,
 *   'Cannot reserve "email:ada@example.org": "ada" of stream "customers" has it',
 * );
 * assert.equal(error.code, "ALREADY_RESERVED");
 * ```
 */
export class ReservationError extends CommandError {
  /** The name of the class. */
  override name = "ReservationError";
  static {
    knowAcrossCopies("ReservationError", this);
  }
  /** Always this one code. */
  override code: "ALREADY_RESERVED" = "ALREADY_RESERVED" as const;
  /** The key. */
  key: string;
  /** The stream of the aggregate that has it. */
  stream: string;
  /** The aggregate that has it. */
  aggregateId: string;

  /**
   * Makes a refusal.
   *
   * @param facts The key, and who has it.
   */
  constructor({ key, stream, aggregateId }: ReservationFacts) {
    super(
      `Cannot reserve "${key}": "${aggregateId}" of stream "${stream}" has it`,
      "ALREADY_RESERVED",
    );
    this.key = key;
    this.stream = stream;
    this.aggregateId = aggregateId;
  }
}
