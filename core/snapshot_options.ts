import { StoreError } from "./errors.ts";
import { checkName } from "./validation.ts";

/** How the snapshots of an aggregate are kept. */
export type SnapshotOptions = {
  /**
   * What the snapshot was folded by. Change it whenever `fold`, `create` or the
   * shape of the aggregate changes: a snapshot of another version is not read.
   * Two aggregates of one stream need two of them.
   */
  version: string;
  /** After how many events a command keeps the next one. Default: 100. */
  every?: number;
  /**
   * One in so many loads that used a snapshot is followed by a check, beside
   * it: all events up to the snapshot are folded and compared, and a difference
   * is reported to `onError`. 1 checks every load, as a test wants it; 0 none.
   * Default: 1,000.
   */
  check?: number;
};

const EVERY = 100;
const CHECK = 1000;

/**
 * Refuses options that snapshots cannot be kept by, and fills in the others.
 *
 * @throws {StoreError} `INVALID_INPUT`, naming the option.
 */
export function checkSnapshotOptions(
  stream: string,
  { version, every = EVERY, check = CHECK }: SnapshotOptions,
): Required<SnapshotOptions> {
  if (version === undefined) {
    throw new StoreError(
      "INVALID_INPUT",
      `Cannot keep snapshots of stream "${stream}" without "version": it tells which of them a changed fold makes stale`,
      { field: "snapshot.version", stream },
    );
  }
  checkName("snapshot.version", version);
  checkCount("snapshot.every", every, 1);
  checkCount("snapshot.check", check, 0);
  return { version, every, check };
}

function checkCount(field: string, value: number, least: number): void {
  if (Number.isInteger(value) && value >= least) return;
  throw new StoreError(
    "INVALID_INPUT",
    `Expected ${field} to be a whole number from ${least}: got ${value}`,
    { field },
  );
}
