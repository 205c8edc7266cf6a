import type { Claims } from "./claims.ts";
import { StoreError } from "./errors.ts";
import type { EventMetadata } from "./event.ts";
import type { Provider } from "./provider.ts";
import { checkMetadata, checkName } from "./validation.ts";

/** Options of a command. */
export type CommandOptions<Tx = any> = Claims & {
  /** Refuse with `VersionError` if the aggregate is at another version. */
  expectedVersion?: number;
  /**
   * Store the events of this id at most once in the aggregate. A repeat returns
   * the aggregate as it is now and does not call the command handler. A command
   * that returned no event is not remembered.
   */
  commandId?: string;
  /** Stored with each event of the command, on top of what `withMetadata` gives. */
  metadata?: EventMetadata;
  /** Load and append inside this transaction of the provider. */
  tx?: Tx;
  /** Give up before the next step; what was appended stays. */
  signal?: AbortSignal;
};

/** Options of {@linkcode createCommands}. */
export type RetryOptions = {
  /**
   * How often to load the aggregate and decide again after a `VersionError`, or
   * where what the command handler requires of another aggregate has changed.
   * Default: 0, because that calls the command handler again, and only its
   * author knows whether it may run twice.
   */
  retries?: number;
};

/**
 * Refuses what could not be stored, before anything is read.
 *
 * @throws {StoreError} `INVALID_INPUT`, naming it.
 */
export function checkNames(
  aggregateId: string,
  { commandId, metadata }: CommandOptions,
): void {
  checkName("aggregateId", aggregateId);
  if (commandId !== undefined) checkName("commandId", commandId);
  if (metadata !== undefined) checkMetadata(metadata);
}

/**
 * Refuses an option that the provider would pass over.
 *
 * @throws {StoreError} `NOT_SUPPORTED`, naming it.
 */
export function checkSupport(
  provider: Provider<any>,
  { commandId, tx }: CommandOptions,
): void {
  if (commandId !== undefined && !provider.findCommand) {
    throw unsupported(provider, "commandId", "remember command ids");
  }
  if (tx !== undefined && !provider.transact) {
    throw unsupported(provider, "tx", "append inside a transaction");
  }
}

/** @throws {StoreError} `INVALID_INPUT` for `retries` that are not a count. */
export function checkRetries(retries: number): number {
  if (retries >= 0 && (Number.isInteger(retries) || retries === Infinity)) {
    return retries;
  }
  throw new StoreError(
    "INVALID_INPUT",
    `Expected retries to be a whole number from 0: got ${retries}`,
    { field: "retries" },
  );
}

function unsupported(
  provider: Provider<any>,
  field: string,
  ability: string,
): StoreError {
  return new StoreError(
    "NOT_SUPPORTED",
    `Cannot use ${field}: the ${provider.driver} provider cannot ${ability}`,
    { field },
  );
}
