import { RequirementError } from "./claim_errors.ts";
import type { CheckedClaims, Requirement } from "./claims.ts";
import { systemClock } from "./clock.ts";
import { StoreError, VersionError } from "./errors.ts";
import type { Provider } from "./provider.ts";
import { Reservations, type Undo } from "./reservations.ts";

/** How often a transaction that lost against another one is run again. */
const MAX_RETRIES = 5;

/** The append of a command that claims something. */
export type ClaimedAppend<T> = {
  /** The command's own aggregate, at the version that it was decided on. */
  own: Requirement;
  /** What it claims. */
  claims: CheckedClaims;
  /** Appends the events inside a transaction. */
  append: (tx: unknown) => Promise<T>;
};

/**
 * Appends in a transaction in which all that is claimed holds.
 *
 * @param tx The caller's transaction; without it, one that ends with this.
 * @throws {RequirementError} If a required aggregate has another version.
 * @throws {ReservationError} If another aggregate has a key.
 */
export async function appendClaiming<T>(
  provider: Provider<any>,
  append: ClaimedAppend<T>,
  tx: unknown,
): Promise<T> {
  if (tx !== undefined) return await appendIn(provider, append, tx, []);
  for (let attempt = 0;; attempt++) {
    try {
      return await provider.transact!((tx) => appendIn(provider, append, tx));
    } catch (error) {
      // It was rolled back as a whole. Most providers have tried it already.
      const isConflict = error instanceof StoreError &&
        error.code === "TRANSACTION_CONFLICT";
      if (!isConflict || attempt === MAX_RETRIES) throw error;
      await systemClock.sleep(systemClock.random() * 10 * 2 ** attempt);
    }
  }
}

/**
 * Everything is claimed before anything is appended, so that a transaction of
 * the caller's that goes on after a refusal has no event of it.
 *
 * @param undo Collects what has to be put back then; left out where the
 * transaction is rolled back.
 */
async function appendIn<T>(
  provider: Provider<any>,
  { own, claims, append }: ClaimedAppend<T>,
  tx: unknown,
  undo?: Undo[],
): Promise<T> {
  const { requires, reserve, release } = claims;
  if (requires.length > 0) await hold(provider, own, requires, tx);
  try {
    const { stream, aggregateId } = own;
    const owner = { stream, aggregateId };
    const reservations = new Reservations(provider.records!, owner, tx);
    for (const key of inOrder([...reserve, ...release], (key) => key)) {
      const done = release.includes(key)
        ? await reservations.release(key)
        : await reservations.reserve(key);
      if (done) undo?.push(done);
    }
    return await append(tx);
  } catch (error) {
    // Where this fails the transaction is of no use any more.
    for (const putBack of undo?.reverse() ?? []) {
      await putBack().catch(() => {});
    }
    throw error;
  }
}

/** Its own aggregate too: the other command may require that one. */
async function hold(
  provider: Provider<any>,
  own: Requirement,
  requires: Requirement[],
  tx: unknown,
): Promise<void> {
  const all = inOrder(
    [own, ...requires],
    ({ stream, aggregateId }) => JSON.stringify([stream, aggregateId]),
  );
  for (const one of all) {
    const { stream, aggregateId, version } = one;
    const options = { tx };
    const actualVersion = await provider
      .hold!(stream, aggregateId, version, options);
    if (actualVersion === version) continue;
    throw one === own
      ? VersionError.of({
        stream,
        aggregateId,
        expectedVersion: version,
        actualVersion,
      })
      : new RequirementError({
        stream,
        aggregateId,
        requiredVersion: version,
        actualVersion,
      });
  }
}

/** Everybody locks in one order, so that nobody waits in a circle. */
function inOrder<T>(all: T[], keyOf: (one: T) => string): T[] {
  const keyed = all.map((one) => ({ one, key: keyOf(one) }));
  keyed.sort((a, b) => a.key < b.key ? -1 : a.key > b.key ? 1 : 0);
  return keyed.map(({ one }) => one);
}
