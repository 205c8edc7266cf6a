import { CommandError } from "evtstore";

/**
 * The most cents of one command, ten million in whole units. The sums of nine
 * million such commands are still exact.
 */
export const MAX_CENTS = 1_000_000_000;

/** Whether an amount can be moved: whole cents, and at least one. */
export function isAmount(cents: unknown): cents is number {
  return Number.isInteger(cents) && (cents as number) > 0 &&
    (cents as number) <= MAX_CENTS;
}

/**
 * Refuses what is not an amount: no customer's wish, but a caller's mistake.
 *
 * @throws {CommandError} `INVALID_AMOUNT`.
 */
export function checkAmount(cents: number): void {
  if (isAmount(cents)) return;
  throw new CommandError(
    `Expected whole cents from 1 to ${MAX_CENTS}: got ${cents}`,
    "INVALID_AMOUNT",
  );
}

/** Cents as people write them: 123456 is "1,234.56". */
export function formatCents(cents: number): string {
  const digits = Math.abs(cents).toString().padStart(3, "0");
  const units = digits.slice(0, -2).replace(/\B(?=(\d{3})+$)/g, ",");
  return `${cents < 0 ? "-" : ""}${units}.${digits.slice(-2)}`;
}
