import { ReservationError, type ReservationFacts } from "./claim_errors.ts";
import { StoreError } from "./errors.ts";
import type { Provider } from "./provider.ts";
import { recordKey } from "./record_key.ts";
import type { Records, StoredRecord } from "./records.ts";
import { checkName } from "./validation.ts";

/** The kind of the records that hold reservations. */
const RESERVATION = "evtstore.reservation";

/** A key that belongs to an aggregate. */
export type Reservation = ReservationFacts;

/** How {@linkcode Reservations} puts back what it changed. */
export type Undo = () => Promise<void>;

/**
 * Finds out whose a key is that commands `reserve`.
 *
 * @example
 * ```ts
 * import { createAggregate, createCommands, createDomain, findReservation } from "evtstore";
 * import { createProvider } from "evtstore/provider/memory";
 * import assert from "node:assert/strict";
 *
 * const provider = createProvider();
 * const user = createAggregate({
 *   stream: "users",
 *   create: () => ({ email: "" }),
 *   fold: (event: { type: "Registered"; email: string }) => ({ email: event.email }),
 * });
 * const { domain } = createDomain({ provider }, { user });
 * const users = createCommands(domain.user, {
 *   register: ({ email }: { email: string }) => ({
 *     events: { type: "Registered", email },
 *     reserve: [`email:${email}`],
 *   }),
 * });
 *
 * await users.register("ada", { email: "ada@example.org" });
 * const owner = await findReservation(provider, "email:ada@example.org");
 * assert.equal(owner?.aggregateId, "ada");
 * ```
 *
 * @param provider Where commands store.
 * @param key The key.
 * @param options `tx` reads inside that transaction.
 * @returns Whose it is, or undefined if it is free.
 * @throws {StoreError} `INVALID_INPUT` for a key that cannot be one;
 * `NOT_SUPPORTED` if the provider has no `records`.
 */
export async function findReservation<Tx = any>(
  provider: Provider<any, Tx>,
  key: string,
  options: { tx?: Tx } = {},
): Promise<Reservation | undefined> {
  checkName("key", key);
  if (!provider.records) {
    throw new StoreError(
      "NOT_SUPPORTED",
      `Cannot find a reservation: the ${provider.driver} provider has no records`,
      { field: "key" },
    );
  }
  const found = await provider.records.get(
    RESERVATION,
    recordKey(key),
    options,
  );
  return found && reservationIn(found);
}

/** The reservations of one aggregate, changed inside a transaction. */
export class Reservations {
  #records: Records;
  #owner: Omit<Reservation, "key">;
  #tx: unknown;

  /** @param owner Whose they are. */
  constructor(
    records: Records,
    owner: Omit<Reservation, "key">,
    tx: unknown,
  ) {
    this.#records = records;
    this.#owner = owner;
    this.#tx = tx;
  }

  /**
   * Takes a key; one that it has already it keeps.
   *
   * @returns How to put it back, if anything was changed.
   * @throws {ReservationError} If another aggregate has it.
   */
  async reserve(key: string): Promise<Undo | undefined> {
    if (await this.#put(key)) return () => this.#remove(key);
    const found = await this.#find(key);
    if (!found) throw outrun(key);
    const reservation = reservationIn(found);
    if (!this.#isOwn(reservation)) throw new ReservationError(reservation);
  }

  /**
   * Gives a key back; one that it does not have is left alone.
   *
   * @returns How to put it back, if anything was changed.
   */
  async release(key: string): Promise<Undo | undefined> {
    const found = await this.#find(key);
    if (!found || !this.#isOwn(reservationIn(found))) return undefined;
    // The key may have a new owner by now, at the same revision. This command
    // then decided on an old version of its aggregate, and its append fails:
    // reservations of an aggregate change only with its events.
    await this.#remove(key);
    return () => this.#put(key).then(() => {});
  }

  #find(key: string): Promise<StoredRecord | undefined> {
    return this.#records.get(RESERVATION, recordKey(key), { tx: this.#tx });
  }

  #put(key: string): Promise<boolean> {
    const value: Reservation = { key, ...this.#owner };
    const options = { revision: 0, tx: this.#tx };
    return this.#records.put(RESERVATION, recordKey(key), value, options);
  }

  async #remove(key: string): Promise<void> {
    const options = { revision: 1, tx: this.#tx };
    await this.#records.remove(RESERVATION, recordKey(key), options);
  }

  #isOwn({ stream, aggregateId }: Reservation): boolean {
    return stream === this.#owner.stream &&
      aggregateId === this.#owner.aggregateId;
  }
}

function reservationIn({ value }: StoredRecord): Reservation {
  const { key, stream, aggregateId } = value;
  return { key, stream, aggregateId };
}

// Its owner is not visible to this transaction, or gone again.
function outrun(key: string): StoreError {
  return new StoreError(
    "TRANSACTION_CONFLICT",
    `Cannot reserve "${key}": another transaction was at it too; run this one again`,
    { field: "reserve" },
  );
}
