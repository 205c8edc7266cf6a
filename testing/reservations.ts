import { ReservationError } from "../core/claim_errors.ts";
import { findReservation } from "../core/reservations.ts";
import { type Counter, createCounter } from "./counter.ts";
import type { Subject } from "./subject.ts";

/** Two aggregates of a counter, and a key that nobody has. */
export function prepareReservation(subject: Subject): {
  counter: Counter;
  ada: string;
  bob: string;
  key: string;
  /** Who has a key, if anybody has. */
  ownerOf(key: string): Promise<string | undefined>;
} {
  const ownerOf = async (key: string) =>
    (await findReservation(subject.provider, key))?.aggregateId;
  return {
    counter: createCounter(subject),
    ada: subject.unique("ada"),
    bob: subject.unique("bob"),
    key: subject.unique("email:"),
    ownerOf,
  };
}

/** Whether a key was refused because of the one that has it. */
export function isTaken(
  error: unknown,
  key: string,
  stream: string,
  aggregateId: string,
): boolean {
  return error instanceof ReservationError &&
    error.code === "ALREADY_RESERVED" && error.key === key &&
    error.stream === stream && error.aggregateId === aggregateId;
}
