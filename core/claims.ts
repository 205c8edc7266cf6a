import { RequirementError } from "./claim_errors.ts";
import { StoreError } from "./errors.ts";
import type { Event } from "./event.ts";
import type { Provider } from "./provider.ts";
import { checkName } from "./validation.ts";

/** An aggregate, and the version that it must have. */
export type Requirement = {
  /** The stream of the aggregate. */
  stream: string;
  /** Which aggregate. */
  aggregateId: string;
  /** The version that it must have; 0 if it must have no event. */
  version: number;
};

/**
 * What a command claims beyond its own aggregate. Its events are stored with
 * all of it, or not at all; a command that stores no event claims nothing.
 */
export type Claims = {
  /**
   * Aggregates that must be at these versions when the events are stored.
   * Refused with `RequirementError`. Needs a provider that has `transact` and
   * `hold`.
   */
  requires?: readonly Requirement[];
  /**
   * Keys that belong to the command's aggregate from now on, such as
   * `"email:ada@example.org"`. Refused with `ReservationError` if another one
   * has it; what it has already it keeps. Needs a provider that has `transact`
   * and `records`.
   */
  reserve?: readonly string[];
  /**
   * Keys that belong to the command's aggregate no longer. One that it does not
   * have is passed over. Needs a provider that has `transact` and `records`.
   */
  release?: readonly string[];
};

/** What a command handler returns that claims something beside its events. */
export type Decision<E extends Event> = Claims & {
  /** What happened: one event, or several that are stored together. */
  events: E | E[];
};

/**
 * What a command handler may return: an event, several, or none; or events and
 * what they claim beyond their aggregate.
 */
export type CommandResult<E extends Event> = E | E[] | Decision<E> | void;

/** What was claimed, checked. */
export type CheckedClaims = {
  requires: Requirement[];
  reserve: string[];
  release: string[];
};

/** Whether a command handler returned more than events, which have a `type`. */
export function isDecision<E extends Event>(
  decided: E | E[] | Decision<E>,
): decided is Decision<E> {
  return typeof decided === "object" && !Array.isArray(decided) &&
    "events" in decided && !("type" in decided);
}

/**
 * What the command handler and the caller claim together.
 *
 * @param own The command's own aggregate.
 * @returns Undefined if that is nothing.
 * @throws {StoreError} `INVALID_INPUT`, naming the claim; `NOT_SUPPORTED` if
 * the provider cannot store events and claims as one.
 */
export function claimsOf(
  provider: Provider<any>,
  own: Omit<Requirement, "version">,
  ...given: Claims[]
): CheckedClaims | undefined {
  let claims: CheckedClaims | undefined;
  for (const { requires, reserve, release } of given) {
    if (!requires && !reserve && !release) continue;
    claims ??= { requires: [], reserve: [], release: [] };
    claims.requires.push(...listOf("requires", requires));
    claims.reserve.push(...listOf("reserve", reserve));
    claims.release.push(...listOf("release", release));
  }
  if (!claims) return undefined;
  const { requires, reserve, release } = claims;
  requires.forEach((one, index) => checkRequirement(one, index, own));
  checkKeys("reserve", reserve);
  checkKeys("release", release);
  const both = reserve.find((key) => release.includes(key));
  if (both !== undefined) {
    throw invalid("release", `"${both}" to be in one of reserve and release`);
  }
  if (requires.length + reserve.length + release.length === 0) return undefined;
  checkSupport(provider, claims);
  return claims;
}

/**
 * Whether deciding again may help a command that was refused: if its handler
 * read the other aggregate, and not if its caller did.
 */
export function mayDecideAgain(error: unknown, given: Claims): boolean {
  if (!(error instanceof RequirementError)) return false;
  const { stream, aggregateId, requiredVersion } = error;
  return given.requires?.some((one) =>
    one.stream === stream && one.aggregateId === aggregateId &&
    one.version === requiredVersion
  ) !== true;
}

function listOf<T>(field: string, list: readonly T[] | undefined) {
  if (list === undefined || Array.isArray(list)) return list ?? [];
  throw invalid(field, `${field} to be an array: got ${typeof list}`);
}

function checkRequirement(
  given: Requirement,
  index: number,
  own: Omit<Requirement, "version">,
): void {
  const field = `requires[${index}]`;
  const { stream, aggregateId, version } = given ?? {};
  checkName(`${field}.stream`, stream);
  checkName(`${field}.aggregateId`, aggregateId);
  if (!Number.isSafeInteger(version) || version < 0) {
    throw invalid(
      `${field}.version`,
      `${field}.version to be a whole number from 0: got ${version}`,
    );
  }
  if (stream === own.stream && aggregateId === own.aggregateId) {
    throw invalid(
      field,
      `${field} to be another aggregate than the command's own, which has expectedVersion`,
    );
  }
}

function checkKeys(field: string, keys: string[]): void {
  keys.forEach((key, index) => checkName(`${field}[${index}]`, key));
}

function checkSupport(provider: Provider<any>, claims: CheckedClaims): void {
  const { transact, hold, records } = provider;
  const field = claims.requires.length > 0
    ? "requires"
    : claims.reserve.length > 0
    ? "reserve"
    : "release";
  const lack = !transact
    ? "has no transactions, so events and what they claim are not stored as one"
    : claims.requires.length > 0 && !hold
    ? "cannot keep others from appending to an aggregate"
    : claims.reserve.length + claims.release.length > 0 && !records
    ? "has no records"
    : undefined;
  if (lack === undefined) return;
  throw new StoreError(
    "NOT_SUPPORTED",
    `Cannot use ${field}: the ${provider.driver} provider ${lack}`,
    { field },
  );
}

function invalid(field: string, wish: string): StoreError {
  return new StoreError("INVALID_INPUT", `Expected ${wish}`, { field });
}
